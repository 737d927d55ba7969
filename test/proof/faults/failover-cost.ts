import { expect } from 'vitest'
import type { Toll } from './failover.ts'

/** The figures of a disaster, for the report of the tests. */
export function told(tolls: Readonly<Record<string, Toll>>): string {
  return Object.entries(tolls)
    .map(([name, toll]) => `${name}: ${JSON.stringify(toll, (key, value) => (key === 'wrong' ? undefined : value))}`)
    .join('\n')
}

/** Nothing is wrong but what is counted, and the requests were real ones. How many writes were lost is the database's to answer for. */
export function expectNothingElse(tolls: Readonly<Record<string, Toll>>): void {
  for (const { wrong, acknowledged } of Object.values(tolls)) {
    expect(wrong).toEqual([])
    expect(acknowledged).toBeGreaterThan(100)
  }
}
