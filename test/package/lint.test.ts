// Runs the linter on planted files in a copy of the configuration, so that a rule that a change of
// .oxlintrc.json switches off by mistake is noticed.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Diagnostic {
  readonly filename: string
  readonly code: string
}

const root = join(import.meta.dirname, '../..')
const buffer = "export const planted: unknown = Buffer.from('')"

/** File in `src`, text, the rule that reports it; `undefined`: no rule. */
const planted: readonly (readonly [file: string, text: string, rule: string | undefined])[] = [
  ['core/cycle-a.ts', "import { b } from './cycle-b.ts'\nexport const a: number = b", 'import(no-cycle)'],
  ['core/cycle-b.ts', "import { a } from './cycle-a.ts'\nexport const b: number = a", 'import(no-cycle)'],
  ['core/floating.ts', 'export function planted(): void {\n  Promise.resolve(1)\n}', 'typescript(no-floating-promises)'],
  ['core/misused.ts', 'export const planted: number[] = [1].filter(async () => false)', 'typescript(no-misused-promises)'],
  ['core/long-file.ts', Array.from({ length: 321 }, (_, n) => `export const planted${n} = ${n}\n`).join(''), 'eslint(max-lines)'],
  ['core/long-function.ts', `export function planted(): void {\n${'  planted()\n'.repeat(46)}}`, 'eslint(max-lines-per-function)'],
  ['core/realm.ts', 'export const planted = (value: unknown): boolean => value instanceof Date', 'unicorn(no-instanceof-builtins)'],
  ['core/buffer.ts', buffer, 'eslint(no-restricted-globals)'],
  ['stores/mysql/buffer.ts', buffer, 'eslint(no-restricted-globals)'],
  ['adapters/web.ts', buffer, 'eslint(no-restricted-globals)'],
  ['adapters/web/buffer.ts', buffer, 'eslint(no-restricted-globals)'],
  ['adapters/node/buffer.ts', buffer, undefined],
  ['adapters/express.ts', buffer, undefined],
  ['cli/buffer.ts', buffer, undefined],
]

let folder: string
let diagnostics: readonly Diagnostic[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-lint-'))
  for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(root, name), join(folder, name))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [file, text] of planted) {
    const path = join(folder, 'src', file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `${text}\n`)
  }
  diagnostics = await lint()
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(planted)('src/%s', (file, _text, rule) => {
  const codes = diagnostics.filter(({ filename }) => join(folder, filename) === join(folder, 'src', file)).map(({ code }) => code)
  expect(codes).toEqual(rule === undefined ? [] : expect.arrayContaining([rule]))
})

function lint(): Promise<readonly Diagnostic[]> {
  return new Promise((resolve, reject) => {
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
    execFile(process.execPath, [oxlint, '--format', 'json', 'src'], { cwd: folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error?.code === 1) resolve((JSON.parse(stdout) as { diagnostics: Diagnostic[] }).diagnostics)
      else reject(new Error(`oxlint exited with ${error?.code ?? 0}: ${stdout}${stderr}`))
    })
  })
}
