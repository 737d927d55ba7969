import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import manifest from '../../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Type-checks the files as one program of a user, whose imports of `sojourn/…` lead to the sources.
 * Returns the errors in these files, one per line.
 */
export async function typeCheck(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = mkdtempSync(join(root, 'node_modules', '.type-check-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: OPTIONS, include: ['*.ts', FRAMEWORKS] }),
    )
    return await run(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What the adapters use of frameworks that are not installed here. */
const FRAMEWORKS = join(root, 'src/adapters/**/*.d.ts')

/** The options of a strict user; the stricter ones of this repository are off. */
const OPTIONS = {
  experimentalDecorators: true, // for NestJS, as its parameter properties
  erasableSyntaxOnly: false,
  isolatedDeclarations: false,
  declaration: false,
  noEmit: true,
  noImplicitReturns: false,
  paths: Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [[path.replace('.', 'sojourn'), [join(root, target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))]]],
    ),
  ),
}

async function run(folder: string): Promise<string[]> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const output = await promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    cwd: folder,
    maxBuffer: 1 << 26,
  }).then(
    ({ stdout }) => stdout,
    (error: Error & { readonly stdout?: string }) => error.stdout ?? error.message,
  )
  return output.split('\n').filter((line) => line !== '' && !line.startsWith(' ') && !line.startsWith('../../'))
}
