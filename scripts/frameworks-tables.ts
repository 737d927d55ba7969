// The tables of frameworks in README.md and docs/frameworks.md, made of test/ecosystem/frameworks.ts
// and of a report of vitest, so that they promise only what ran.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FRAMEWORKS, type Framework } from '../test/ecosystem/frameworks.ts'

/** What `--reporter=json` of vitest writes. */
export interface VitestReport {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly Assertion[] }[]
}

interface Assertion {
  readonly title: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled'
}

const ROOT = join(import.meta.dirname, '..')
const README = 'README.md'
const PAGE = 'docs/frameworks.md'
const MARKERS = /(<!-- frameworks -->\n)([^]*?)(<!-- \/frameworks -->)/

/** The columns, and the names of the tests of each. */
const STORIES: readonly (readonly [column: string, tests: RegExp])[] = [
  ['cart, login, logout', /^keeps the cart through a login/],
  ['a deletion stays deleted', /^a deletion stays deleted/],
  ['a failed commit is no success', /^a request whose (?:session ended while it was running is refused|commit failed is no success)/],
]

/** The documents whose tables differ from the report. A row whose tests did not run is not compared. */
export function outdatedTables(report: VitestReport): readonly string[] {
  return [README, PAGE].filter((name) => withTable(name, report) !== textOf(name))
}

/** Writes the tables. A row whose tests did not run is kept. */
export function writeTables(report: VitestReport): void {
  for (const name of outdatedTables(report)) writeFileSync(join(ROOT, name), withTable(name, report))
}

function withTable(name: string, report: VitestReport): string {
  return textOf(name).replace(MARKERS, (_, open: string, table: string, close: string) => {
    const lines = name === README ? readmeLines() : pageLines(report, table.split('\n'))
    return `${open}${lines.join('\n')}\n${close}`
  })
}

function readmeLines(): readonly string[] {
  const rows = FRAMEWORKS.map(({ name, path, page, use }) => [`[${name}](docs/${page})`, `\`${path}\``, use])
  return [line(['', 'import', 'the session']), line(['---', '---', '---']), ...rows.map(line)]
}

function pageLines(report: VitestReport, current: readonly string[]): readonly string[] {
  const columns = ['', 'version', 'import', 'ran on', ...STORIES.map(([column]) => column)]
  const rows = FRAMEWORKS.flatMap((framework) => {
    const row = pageRow(framework, report)
    return row === undefined ? current.filter((each) => each.startsWith(`| ${linkOf(framework)} |`)) : [row]
  })
  return [line(columns), line(columns.map((_, index) => (index > 3 ? ':-:' : '---'))), ...rows]
}

/** `undefined` if the framework has no application, or if some of its tests did not run. */
function pageRow(framework: Framework, report: VitestReport): string | undefined {
  const { path, application } = framework
  const file = report.testResults.find(({ name }) => name.endsWith(`/test/ecosystem/${application?.test}.test.ts`))
  const tests = file?.assertionResults ?? []
  if (application === undefined || tests.length === 0 || tests.some(({ status }) => status !== 'passed' && status !== 'failed'))
    return undefined
  const { folder, olderFolders = [], module, runtime = 'Node' } = application
  const versions = [...olderFolders, folder].map((each) => versionOf(each, module)).join(', ')
  const place = placeOf(tests) ?? runtime
  return line([linkOf(framework), versions, `\`${path}\``, place, ...STORIES.map(([, name]) => cellOf(tests, name))])
}

function linkOf({ name, page }: Framework): string {
  return `[${name}](${page})`
}

function placeOf(tests: readonly Assertion[]): string | undefined {
  const ran = (value: boolean): boolean => tests.some(({ title }) => title.includes(`(JavaScript: ${value})`))
  if (!ran(true)) return undefined
  return ran(false) ? 'Node; Chromium with and without JavaScript' : 'Node; Chromium'
}

function cellOf(tests: readonly Assertion[], name: RegExp): string {
  const stories = tests.filter(({ title }) => name.test(title))
  return stories.length > 0 && stories.every(({ status }) => status === 'passed') ? '✓' : '–'
}

/** The exact version in the manifest of the application. */
function versionOf(folder: string, module: string): string {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(textOf(`test/ecosystem/${folder}/package.json`)) as Manifest
  const version = dependencies[module] ?? devDependencies[module]
  if (version === undefined) throw new Error(`frameworks-tables: test/ecosystem/${folder}/package.json does not have ${module}`)
  return version
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function textOf(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}
