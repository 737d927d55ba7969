// Why: our CI reads a plain last line, "N passed, N failed, N skipped", which vitest does not
// print. This runs vitest with all its projects (arguments are passed on), prints that line last,
// and fails if anything failed, if no test ran, or if a table of frameworks promises something else.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outdatedTables } from './frameworks-tables.ts'

type Assertion = { readonly title: string; readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled' }
type Report = {
  readonly success: boolean
  readonly testResults: readonly { readonly status: string; readonly name: string; readonly assertionResults: readonly Assertion[] }[]
}

const folder = mkdtempSync(join(tmpdir(), 'sojourn-report-'))
const file = join(folder, 'report.json')
try {
  const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs')
  const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...process.argv.slice(2)]
  const { status } = spawnSync(process.execPath, [vitest, ...options], { stdio: 'inherit' })
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  const outdated = outdatedTables(report)
  if (outdated.length > 0) console.error(`The tables of ${outdated.join(' and ')} do not match the tests. Run npm run table:frameworks`)
  process.exitCode = printSummary(report) && status === 0 && outdated.length === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}

/**
 * Prints the last line; returns whether everything passed. A file that could not be loaded counts
 * as one failed test.
 */
function printSummary({ success, testResults }: Report): boolean {
  const tests = testResults.flatMap((result) => result.assertionResults)
  const broken = testResults.filter(
    (result) => result.status === 'failed' && result.assertionResults.every(({ status }) => status !== 'failed'),
  )
  const passed = tests.filter(({ status }) => status === 'passed').length
  const failed = tests.filter(({ status }) => status === 'failed').length + broken.length
  console.log(`\n${passed} passed, ${failed} failed, ${tests.length + broken.length - passed - failed} skipped`)
  return success && failed === 0 && passed > 0
}
