// Each requirement of docs/security.md names tests that exist.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './examples.ts'

const PAGE = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
const ROWS = PAGE.split('\n').filter((line) => line.startsWith('| **'))

interface NamedTest {
  readonly file: string
  readonly title: string
}

/** The tests in a text such as: `test/a.test.ts`: "one", "another"; `test/b.test.ts`: "a third". */
function testsIn(text: string): NamedTest[] {
  const parts = text.split(/(?=`test\/[^`]+`: ")/).filter((part) => part.startsWith('`test/'))
  return parts.flatMap((part) => {
    const file = /`([^`]+)`/.exec(part)?.[1] ?? ''
    return [...part.matchAll(/"([^"]+)"/g)].map(([, title = '']) => ({ file, title }))
  })
}

function exists({ file, title }: NamedTest): boolean {
  const path = join(ROOT, file)
  return existsSync(path) && readFileSync(path, 'utf8').includes(`('${title}', `)
}

describe('docs/security.md', () => {
  it('has a row for every requirement of ASVS V7 and of NIST SP 800-63B-4 section 5', () => {
    const chapters = { '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2 }
    const numbers = Object.entries(chapters).flatMap(([chapter, count]) => Array.from({ length: count }, (_, at) => `${chapter}.${at + 1}`))
    const found = ROWS.map((row) => /\*\*([\d.]+)\*\*/.exec(row)?.[1] ?? '')
    expect(found.filter((number) => number.startsWith('7'))).toEqual(numbers)
    expect(new Set(found.filter((number) => number.startsWith('5')))).toEqual(new Set(['5.1', '5.2', '5.3']))
  })

  it("names a test in every row that is not the application's alone", () => {
    const without = ROWS.filter((row) => testsIn(row).length === 0)
    expect(without.map((row) => row.split('|')[2]?.trim())).toEqual(['the application'])
  })

  it('names only tests that exist', () => {
    expect(ROWS.flatMap(testsIn).filter((each) => !exists(each))).toEqual([])
    const files = [...PAGE.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file)
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })
})
