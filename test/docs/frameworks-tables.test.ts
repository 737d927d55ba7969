import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { outdatedTables } from '../../scripts/frameworks-tables.ts'
import { FRAMEWORKS } from '../ecosystem/frameworks.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = readFileSync(join(ROOT, 'docs/frameworks.md'), 'utf8')

describe('the tables of frameworks', () => {
  it('have the rows of test/ecosystem/frameworks.ts', () => {
    expect(outdatedTables({ testResults: [] })).toEqual([])
  })

  it('differ from a report in which a story failed', () => {
    const passed = { title: 'keeps the cart through a login', status: 'passed' } as const
    const failed = { title: 'a deletion stays deleted', status: 'failed' } as const
    expect(outdatedTables({ testResults: [{ name: '/test/ecosystem/trpc.test.ts', assertionResults: [passed, failed] }] })).toEqual([
      'docs/frameworks.md',
    ])
  })

  it.each(FRAMEWORKS)('link a page for $name', ({ name, page, application }) => {
    expect(existsSync(join(ROOT, 'docs', page.replace(/#.*/, '')))).toBe(true)
    if (application !== undefined) expect(PAGE).toContain(`| [${name}](${page}) |`)
  })
})
