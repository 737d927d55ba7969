import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = read('docs/operating.md')

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The texts in quotes of a part of a source file. */
function literalsIn(text: string): string[] {
  return [...new Set([...text.replace(/\/\*\*.*?\*\//gs, '').matchAll(/'([a-z-]+)'/g)].map(([, literal = '']) => literal))]
}

describe('docs/operating.md', () => {
  it('explains every event with its reasons', () => {
    const events = read('src/core/base/events.ts')
    const declared = events.slice(events.indexOf('export interface SessionEvents'), events.indexOf('\n}\n'))
    const types = [...declared.matchAll(/^ {2}readonly '?([a-z-]+)'?: \{/gm)].map(([, type = '']) => type)
    const reasons = [...declared.matchAll(/readonly reason:([^}]*?)(?:readonly|\}|\n\s*\/\*\*)/gs)].flatMap(([, text = '']) =>
      literalsIn(text),
    )
    expect(types.length).toBeGreaterThan(20)
    expect(reasons.length).toBeGreaterThan(30)
    expect([...types, ...reasons].filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([])
  })

  it('explains every cause of explain, and every code of an error', () => {
    const causes = read('src/admin/cause.ts')
    const declared = causes.slice(causes.indexOf('export type CauseCode'), causes.indexOf('/** What was found'))
    const codes = [...read('src/core/base/errors.ts').matchAll(/'(ERR_SESSION_[A-Z_]+)'/g)].map(([, code = '']) => code)
    expect(literalsIn(declared).length).toBeGreaterThan(15)
    expect([...literalsIn(declared), ...codes].filter((name) => name !== 'found' && !PAGE.includes(`\`${name}\``))).toEqual([])
  })
})
