// What a cache must never do, whatever happens in between: every call of the store and of the cache waits until fast-check lets it go on, in
// every order it can think of.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Entry, Store } from '../../../src/core/store/store.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'

const MAX_STALE = 30_000

/** One thing a process does. A writer writes over what it loads past the cache, and tries again as long as others win. */
type Act = { readonly process: number; readonly does: 'read' | 'write' | 'touch' | 'delete' | 'deleteByIndex' }

const act: fc.Arbitrary<Act> = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  does: fc.oneof(
    { weight: 6, arbitrary: fc.constant('read' as const) },
    { weight: 3, arbitrary: fc.constantFrom('write' as const, 'touch' as const) },
    { weight: 1, arbitrary: fc.constantFrom('delete' as const, 'deleteByIndex' as const) },
  ),
})

/** Each call goes on when the scheduler says so, and its answer comes when the scheduler says so. */
function scheduled(store: Store, scheduler: fc.Scheduler, name: string): Store {
  const wrap = (method: 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'): any =>
    async function call(...args: any[]): Promise<unknown> {
      await scheduler.schedule(Promise.resolve(), `${name} ${method}`)
      const answer = await (store[method] as (...args: any[]) => Promise<unknown>)(...args)
      await scheduler.schedule(Promise.resolve(), `${name} ${method} answers`)
      return answer
    }
  const { capabilities } = store
  const methods = ['load', 'create', 'replace', 'touch', 'delete', 'deleteByIndex', 'list'] as const
  return { capabilities, ...Object.fromEntries(methods.map((method) => [method, wrap(method)])) } as unknown as Store
}

/** How far the truth has come: an end is further than every write. */
class Progress {
  answered = 0
  readonly #order = new Map<string, number>()

  note(entry: Entry, at: number): void {
    this.#order.set(stateOf(entry), at)
  }

  of(entry: Entry | undefined): number {
    return entry === undefined ? Number.POSITIVE_INFINITY : (this.#order.get(stateOf(entry)) ?? Number.NaN)
  }
}

function stateOf({ version, expiresAt }: Entry): string {
  return `${version} ${expiresAt}`
}

/** Plays the acts one after the other in each process, the processes side by side; answers the reads that saw what was over. */
async function stale(scheduler: fc.Scheduler, acts: readonly Act[], stores: 1 | 3): Promise<string[]> {
  const truth = new MemoryStore()
  const progress = new Progress()
  const first = sampleEntry({ userId: 'ada' })
  await truth.create({ key: 'key', entry: first })
  progress.note(first, 0)
  let count = 0
  const counted = countingOrder(truth, (entry) => progress.note(entry, ++count))
  const shared = new MemoryStore()
  const cached = (): CachedStore => {
    const both = { store: scheduled(counted, scheduler, 'store'), cache: scheduled(shared, scheduler, 'cache') }
    return new CachedStore({ ...both, maxStale: '30s' })
  }
  const all = Array.from({ length: stores }, cached)
  const wrong: string[] = []
  await scheduler.waitFor(
    Promise.all(
      [0, 1, 2].map(async (process) => {
        for (const each of acts.filter((one) => one.process === process)) {
          const due = progress.answered
          const seen = await perform(all[process % stores] as Store, each)
          if (each.does === 'read' && !(progress.of(seen) >= due)) wrong.push(`saw ${progress.of(seen)} when ${due} was answered`)
          if (each.does !== 'read') progress.answered = Math.max(progress.answered, progress.of(seen))
        }
      }),
    ),
  )
  await scheduler.waitIdle()
  return wrong
}

/** The state that came of it. Time stands still. */
async function perform(store: Store, { does }: Act): Promise<Entry | undefined> {
  if (does === 'read') return store.load({ key: 'key', now: NOW })
  if (does === 'delete') return void (await store.delete({ key: 'key' }))
  if (does === 'deleteByIndex') return void (await store.deleteByIndex?.({ index: 'userId', name: 'ada' }))
  for (;;) {
    const current = await store.load({ key: 'key', now: NOW, fresh: true })
    if (current === undefined) return undefined
    const next = does === 'write' ? sampleEntry({ userId: 'ada' }) : { ...current, seenAt: NOW, expiresAt: current.expiresAt + 1 }
    if (does === 'write' && (await store.replace({ key: 'key', entry: next, expected: current.version, now: NOW })).ok) return next
    if (does === 'touch' && (await store.touch({ key: 'key', expiresAt: next.expiresAt, expected: current.version, now: NOW }))) return next
  }
}

/** Tells each state of the store at the moment it comes about. */
function countingOrder(truth: MemoryStore, note: (entry: Entry) => void): Store {
  return {
    capabilities: truth.capabilities,
    load: (operation) => truth.load(operation),
    create: (operation) => truth.create(operation),
    async replace(operation) {
      const answer = truth.replace(operation)
      if ((await answer).ok) note(operation.entry)
      return answer
    },
    async touch(operation) {
      const moved = await truth.touch(operation)
      const entry = await truth.load({ key: operation.key, now: NOW })
      if (moved && entry !== undefined) note(entry)
      return moved
    },
    delete: (operation) => truth.delete(operation),
    deleteByIndex: (operation) => truth.deleteByIndex(operation),
    list: (query) => truth.list(query),
  }
}

// However long a run takes on a busy machine, no call is late.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

describe.each([
  ['three processes with one cache', 3],
  ['one process with a cache of its own', 1],
] as const)('in %s', (_, stores) => {
  it('no read that begins after a change was answered sees what was before it', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(act, { minLength: 3, maxLength: 10 }), async (scheduler, acts) => {
        expect(await stale(scheduler, acts, stores)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('time', () => {
  it('an entry is served until it is `maxStale` old, to the millisecond, by the instants that are given', async () => {
    const truth = new MemoryStore()
    const store = new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: MAX_STALE / 1000 })
    const [old, next] = [sampleEntry(), sampleEntry()]
    await truth.create({ key: 'key', entry: old })
    await store.load({ key: 'key', now: NOW })
    await truth.replace({ key: 'key', entry: next, expected: old.version, now: NOW }) // by somebody who knows of no cache
    expect(await store.load({ key: 'key', now: NOW + MAX_STALE - 1 })).toEqual(old)
    expect(await store.load({ key: 'key', now: NOW - 1 })).toEqual(next) // a clock that was set back
  })
})
