import { describe, expect, it, vi } from 'vitest'
import { OldStore } from '../../../src/express-session/carry-over/old-store.ts'
import { RowFormat } from '../../../src/express-session/carry-over/row-format.ts'
import { withoutTombstones } from '../mutants/broken-stores.ts'
import { seedsFrom } from '../simulation/campaign.ts'
import { MOVE, moving } from './move.ts'
import { type Conditions, formatFailures, runSeeds } from './runs.ts'

const NO_FAULTS = { ...MOVE, faults: false, resent: false }

/** Seeds that found a bug in the library, and the bug. Each found it again when its mend was undone. */
const FOUND: readonly (readonly [seed: number, conditions: Conditions, bug: string])[] = [
  ...[253, 266, 288].map((seed) => [seed, {}, 'an import lost changes that were written together with others'] as const),
  [484, {}, 'an import whose response was lost was followed by a write that lost later changes'],
  [287, {}, 'a failed check removed a session whose old row another request had destroyed'],
  [623, {}, 'a failed check removed changes that another request had made'],
  [21395, MOVE, 'a parallel first request did not see what an old instance had changed before it began'],
  [1197, MOVE, 'of two ids of a session, the old store had only one'],
]

describe('seeded runs of a move from express-session', () => {
  it('the seeds that found a bug are clean', async () => {
    for (const [seed, conditions] of FOUND) expect(formatFailures(await runSeeds([seed], moving(), conditions))).toBe('')
  })

  it('80 seeds are clean, with faults of both stores and without', { timeout: 120_000 }, async () => {
    for (const conditions of [MOVE, NO_FAULTS]) {
      const results = await runSeeds(seedsFrom(1, 80), moving(), conditions)
      expect(formatFailures(results, ' --move')).toBe('')
      expect(results.responses['ok']).toBeGreaterThan(2400)
    }
  })
})

/** A carry-over in which one rule is wrong. `change` breaks it until the end of the test. */
interface Mutant {
  readonly rule: string
  readonly finds: string
  readonly change?: () => void
  readonly make?: ReturnType<typeof moving>
}

const MUTANTS: readonly Mutant[] = [
  {
    rule: 'deletions and changes that are found by a comparison with the row of sojourn',
    finds: 'lost update',
    change() {
      const { recordOf, compared } = RowFormat.prototype
      vi.spyOn(RowFormat.prototype, 'recordOf').mockImplementation(function (this: RowFormat, texts) {
        const record = recordOf.call(this, texts)
        return record && { ...record, imports: {}, copied: this.hashesOf(texts) }
      })
      vi.spyOn(RowFormat.prototype, 'compared').mockImplementation(function (this: RowFormat, old) {
        return { ...compared.call(this, old), mark: undefined }
      })
    },
  },
  {
    rule: 'an old row that is read once',
    finds: 'used after its end',
    change() {
      const { get } = OldStore.prototype
      const known = new Map<string, ReturnType<OldStore['get']>>()
      vi.spyOn(OldStore.prototype, 'get').mockImplementation(function (this: OldStore, sid, deadline) {
        const row = known.get(sid) ?? get.call(this, sid, deadline)
        known.set(sid, row)
        return row
      })
    },
  },
  {
    rule: 'an old row that is left at the end of its session',
    finds: 'used after its end',
    change: () => void vi.spyOn(OldStore.prototype, 'destroy').mockResolvedValue(undefined),
  },
  {
    rule: 'an old row that is not written',
    finds: 'session lost',
    change: () => void vi.spyOn(OldStore.prototype, 'set').mockResolvedValue(undefined),
  },
  { rule: 'ends that delete the row', finds: 'used after its end', make: moving(withoutTombstones) },
]

describe('the checks of a move find', () => {
  it.each(MUTANTS)('$rule', { timeout: 60_000 }, async ({ finds, change, make = moving() }) => {
    change?.()
    const { failed } = await runSeeds(seedsFrom(1, 100), make, NO_FAULTS)
    const found = new Set(failed.flatMap(({ anomalies }) => anomalies.map((text) => text.replace(/ \(.*/s, ''))))
    expect([...found]).toContain(finds)
  })
})
