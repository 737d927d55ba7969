// Runs the suite of express-session against the drop-in, or against another module:
//   npx node scripts/express-session-suite/run.ts <checkout of expressjs/session> [module]
// The checkout needs `npm i --no-save mocha@10 supertest@6 express@4.17 after@0.8 cookie-parser@1.4`
// and `sh test/support/gencert.sh`. Fails if a test fails that `expectations.json` does not name, or
// if one that it names passes or is missing. The suite is not a part of this repository.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import expectations from './expectations.json' with { type: 'json' }

interface Report {
  readonly tests: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[]
}

const [checkout, target = join(import.meta.dirname, '../../src/express-session/express-session.ts')] = process.argv.slice(2)
if (checkout === undefined) throw new Error('Usage: npx node scripts/express-session-suite/run.ts <checkout of expressjs/session> [module]')
const differs: Readonly<Record<string, string>> = expectations.differs
const results = numberRepeated(runSuite(resolve(checkout)).tests)

const wrong = results.flatMap(({ title, error }) =>
  error !== undefined && !(title in differs) ? [`FAILS   ${title}\n        ${error}`] : [],
)
const passing = results.flatMap(({ title, error }) => (error === undefined && title in differs ? [`PASSES  ${title}`] : []))
const missing = [...Object.keys(differs), ...expectations.must]
  .filter((expected) => !results.some(({ title }) => title === expected))
  .map((title) => `MISSING ${title}`)
for (const line of [...wrong, ...passing, ...missing]) console.log(line)
const failed = results.filter(({ error }) => error !== undefined).length
console.log(`${results.length - failed} of ${results.length} tests pass, ${failed} differ`)
process.exitCode = wrong.length + passing.length + missing.length > 0 ? 1 : 0

function runSuite(folder: string): Report {
  const mocha = createRequire(join(folder, 'package.json')).resolve('mocha/bin/mocha.js')
  const hook = join(import.meta.dirname, 'alias.cjs')
  const options = ['--require', hook, '--exit', '--timeout', '4000', '--reporter', 'json']
  const { stdout, stderr } = spawnSync(process.execPath, [mocha, ...options, 'test/session.js', 'test/cookie.js'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'test', SUITE_CHECKOUT: folder, SUITE_TARGET: target },
    maxBuffer: 1 << 26,
    encoding: 'utf8',
    timeout: 180_000,
  })
  const start = stdout.indexOf('{\n  "stats"')
  if (start < 0) throw new Error(`The suite did not run:\n${stdout.slice(-3000)}${stderr.slice(-3000)}`)
  return JSON.parse(stdout.slice(start))
}

/** Several tests of the suite have the same title. */
function numberRepeated(tests: Report['tests']): { title: string; error: string | undefined }[] {
  const counts = new Map<string, number>()
  return tests.map(({ fullTitle, err }) => {
    const count = (counts.get(fullTitle) ?? 0) + 1
    counts.set(fullTitle, count)
    const error = Object.keys(err).length === 0 ? undefined : (err.message ?? 'without a message')
    return { title: count === 1 ? fullTitle : `${fullTitle} #${count}`, error }
  })
}
