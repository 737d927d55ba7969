// Random compare-and-swap writers with lost and late responses: a write is never applied twice, whatever the clocks say.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Receipts } from '../../../src/core/commit/receipts.ts'

function manager(name: string): Receipts {
  let count = 0
  return new Receipts((length) => (length === 8 ? name : `${name}${count++}`))
}

describe('receipts', () => {
  it('number the writes of a row, newest first, and keep one receipt of a manager whose writes have settled', () => {
    const [a, b] = [manager('a'), manager('b')]
    const write = (before: string, by: Receipts): string => {
      const nonce = by.open()
      const commits = by.add(before, nonce)
      by.close(nonce)
      return commits
    }
    const one = write('', a)
    const two = write(one, b)
    expect([one, two, write(two, a)]).toEqual(['0 a:a0:1', '0 b:b0:2 a:a0:1', '0 a:a1:3 b:b0:2'])
  })

  it('are kept while the outcome of their write is unknown', () => {
    const [a, b] = [manager('a'), manager('b')]
    const lost = a.add('', a.open())
    let commits = lost
    for (let writes = 0; writes < 10; writes++) commits = b.add(a.add(commits, a.open()), b.open())
    expect(a.isApplied(commits, lost)).toBe(true)
  })

  it('tell a write that was not applied from one that is', () => {
    const [a, b] = [manager('a'), manager('b')]
    const row = b.add('', b.open())
    const [mine, theirs] = [a.add(row, a.open()), b.add(row, b.open())]
    expect([a.isApplied(theirs, mine), a.isApplied(mine, mine)]).toEqual([false, true])
  })

  it('are 32 at most; a missing one may have been pushed out when its number is not above the floor', () => {
    const mine = manager('mine')
    const sent = mine.add('', mine.open())
    const others = Array.from({ length: 40 }, (_, index) => manager(`other${index}`))
    const row = others.reduce((commits, other) => other.add(commits, other.open()), sent)
    expect(row.split(' ')).toHaveLength(1 + 32)
    expect(mine.isApplied(row, sent)).toBeUndefined()
    expect(mine.isApplied(row, mine.add(row, mine.open()))).toBe(false)
  })

  it('apply no write twice, with several writes in flight per manager and responses lost or late', () => {
    const step = fc.record({ manager: fc.nat(5), lost: fc.boolean(), late: fc.boolean(), retries: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const row = new Row()
        for (const each of steps) row.write(each)
        row.resolve()
        for (const [nonce, times] of row.applied) expect([nonce, times]).toEqual([nonce, 1])
        expect([...row.reported].filter((nonce) => !row.applied.has(nonce))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })
})

interface Pending {
  readonly by: Receipts
  readonly nonce: string
  readonly sent: string
}

/** A row, and the writers that lost the response of a write to it. */
class Row {
  readonly applied = new Map<string, number>()
  /** The writes that a manager reported as applied. */
  readonly reported = new Set<string>()
  readonly #managers = Array.from({ length: 6 }, (_, index) => manager(`m${index}`))
  readonly #pending: Pending[] = []
  #commits = ''

  /** One write. `late`: another write comes between its load and its write. `lost`: its response does not arrive. */
  write(step: { readonly manager: number; readonly lost: boolean; readonly late: boolean; readonly retries: boolean }): void {
    const by = this.#managers[step.manager] as Receipts
    const nonce = by.open()
    const loaded = this.#commits
    const sent = by.add(loaded, nonce)
    if (step.late) this.write({ manager: (step.manager + 1) % 6, lost: step.retries, late: false, retries: false })
    if (this.#commits === loaded) this.#apply(nonce, sent)
    if (step.lost) this.#pending.push({ by, nonce, sent })
    else this.#look({ by, nonce, sent })
    if (step.retries) this.resolve()
  }

  resolve(): void {
    for (const each of this.#pending.splice(0)) this.#look(each)
  }

  /** What `Writer` does with another version: done, unknown, or replayed on the newest row. */
  #look({ by, nonce, sent }: Pending): void {
    const isApplied = by.isApplied(this.#commits, sent)
    if (isApplied === false) this.#apply(nonce, by.add(this.#commits, nonce))
    if (isApplied !== undefined) this.reported.add(nonce)
    by.close(nonce)
  }

  #apply(nonce: string, commits: string): void {
    this.applied.set(nonce, (this.applied.get(nonce) ?? 0) + 1)
    this.#commits = commits
  }
}
