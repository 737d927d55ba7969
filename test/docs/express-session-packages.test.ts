import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { IMPROVEMENTS } from '../ecosystem/harness/situations.ts'

const ROOT = join(import.meta.dirname, '../..')
const page = readFileSync(join(ROOT, 'docs/move/express-session.md'), 'utf8')
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'test/ecosystem/express-session/package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}

it('the table of packages has the versions that are run', () => {
  const rows = [...page.matchAll(/^\| `([^`]+)` \| (\d[\d.]*) \|/gm)].map(([, name = '', version]) => [name, version] as const)
  expect(rows.length).toBeGreaterThan(10)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(rows.map(([name]) => [name, dependencies[name]])))
})

it('every difference that the situations name is on the page', () => {
  for (const { because } of Object.values(IMPROVEMENTS)) expect(page).toContain(because)
})
