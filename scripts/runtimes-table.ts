// Why: docs/frameworks.md promises which framework works on which runtime, so its table is made
// only from test results. Runs test/runtimes/matrix and compares the table with the document;
// `--write` writes it there.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COOKIE, frameworks, SQLITE } from '../test/runtimes/matrix/frameworks.ts'
import type { Cell } from '../test/runtimes/matrix/report.ts'

type Row = {
  readonly name: string
  readonly path: string
  readonly module?: string
  readonly unsupported?: Readonly<Record<string, string>>
}

const root = join(import.meta.dirname, '..')
const MARKERS = /(<!-- runtimes -->\n)[^]*?(<!-- \/runtimes -->)/
const DOCUMENT = join(root, 'docs/frameworks.md')
const rows: readonly Row[] = [...frameworks, SQLITE, COOKIE]

const table = printTable(runMatrix())
const text = readFileSync(DOCUMENT, 'utf8')
const current = text.replace(MARKERS, (_, open: string, close: string) => `${open}${table}${close}`)
if (process.argv.includes('--write')) writeFileSync(DOCUMENT, current)
else if (current !== text)
  throw new Error('runtimes-table: the table in docs/frameworks.md does not match the test results. Run npm run table:runtimes')
console.log(table)

/** Runs the matrix and returns its report. */
function runMatrix(): readonly Cell[] {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-runtimes-'))
  const report = join(folder, 'report.json')
  try {
    const env = { ...process.env, SOJOURN_RUNTIMES_REPORT: report }
    const args = ['--test', '--test-reporter=spec', '--test-timeout=120000', 'test/runtimes/matrix/matrix.test.ts']
    const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' })
    if (status !== 0) throw new Error('runtimes-table: a story failed, see the output above')
    return JSON.parse(readFileSync(report, 'utf8')) as Cell[]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function printTable(cells: readonly Cell[]): string {
  const versions = new Map(cells.map(({ runtime, version }) => [runtime, version]))
  const reasons: string[] = []
  const columns = [...versions].map(([runtime, version]) => ({ runtime, title: `${runtime.split(' ')[0]} ${version}` }))
  const lines = rows.map((row) => {
    const cellTexts = columns.map(({ runtime }) => formatCell(row, runtime, cells, reasons))
    return line([`${row.name}${versionOf(row.module)}`, `\`${row.path}\``, ...cellTexts])
  })
  const head = [line(['', 'import', ...columns.map(({ title }) => title)]), line(['---', '---', ...columns.map(() => ':-:')])]
  return `${[...head, ...lines].join('\n')}\n\n${reasons.map((reason, index) => `${index + 1}. ${reason}.`).join('\n')}\n`
}

/** The number of stories that passed, or the number of the reason why there are none. */
function formatCell({ name, unsupported = {} }: Row, runtime: string, cells: readonly Cell[], reasons: string[]): string {
  const cell = cells.find((each) => each.framework === name && each.runtime === runtime)
  if (cell !== undefined) return `✓ ${cell.stories}`
  const reason = unsupported[runtime]
  if (reason === undefined) throw new Error(`runtimes-table: the tests reported nothing for ${name} on ${runtime}`)
  if (!reasons.includes(reason)) reasons.push(reason)
  return `– (${reasons.indexOf(reason) + 1})`
}

function versionOf(module: string | undefined): string {
  if (module === undefined) return ''
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', module, 'package.json'), 'utf8')) as { version: string }
  return ` (${version})`
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
