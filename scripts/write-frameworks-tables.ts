// Run by `npm run table:frameworks`: runs the tests of the frameworks, or only those that are named
// (`npm run table:frameworks -- nest trpc`), and writes the tables of README.md and docs/frameworks.md.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FRAMEWORKS } from '../test/ecosystem/frameworks.ts'
import { type VitestReport, writeTables } from './frameworks-tables.ts'

const names = process.argv.slice(2)
const all = FRAMEWORKS.flatMap(({ application }) => (application === undefined ? [] : [application]))
const wanted = all.filter(({ test }) => names.length === 0 || names.includes(test))
const missing = names.filter((name) => !wanted.some(({ test }) => test === name))
if (missing.length > 0) throw new Error(`table:frameworks: test/ecosystem/frameworks.ts has no row with the test ${missing.join(', ')}`)

const folder = mkdtempSync(join(tmpdir(), 'sojourn-frameworks-'))
try {
  const file = join(folder, 'report.json')
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
  const options = ['run', '--project', 'ecosystem', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const tests = wanted.map(({ test }) => `test/ecosystem/${test}.test.ts`)
  const { status } = spawnSync(process.execPath, [vitest, ...options, ...tests], { stdio: 'inherit' })
  if (status !== 0) throw new Error('table:frameworks: a test failed, see the output above')
  writeTables(JSON.parse(readFileSync(file, 'utf8')) as VitestReport)
} finally {
  rmSync(folder, { recursive: true })
}
