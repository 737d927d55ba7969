// Stale reads under every interleaving: each call of the store and of the cache waits until
// fast-check schedules it.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Entry, Store } from '../../../src/core/store/store.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { NOW, sampleEntry } from '../../../src/testing/sample.ts'

const MAX_STALE = 30_000

/**
 * One action of a process. A writer replaces the entry of a fresh load, and retries while other
 * writers win.
 */
type Action = { readonly process: number; readonly verb: 'read' | 'write' | 'touch' | 'delete' | 'deleteByIndex' }

const action: fc.Arbitrary<Action> = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  verb: fc.oneof(
    { weight: 6, arbitrary: fc.constant('read' as const) },
    { weight: 3, arbitrary: fc.constantFrom('write' as const, 'touch' as const) },
    { weight: 1, arbitrary: fc.constantFrom('delete' as const, 'deleteByIndex' as const) },
  ),
})

/** The scheduler decides when each call starts and when its result arrives. */
function scheduled(store: Store, scheduler: fc.Scheduler, name: string): Store {
  const wrap = (method: 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'): any =>
    async function call(...args: any[]): Promise<unknown> {
      await scheduler.schedule(Promise.resolve(), `${name} ${method}`)
      const result = await (store[method] as (...args: any[]) => Promise<unknown>)(...args)
      await scheduler.schedule(Promise.resolve(), `${name} ${method} returns`)
      return result
    }
  const { capabilities } = store
  const methods = ['load', 'create', 'replace', 'touch', 'delete', 'deleteByIndex', 'list'] as const
  return { capabilities, ...Object.fromEntries(methods.map((method) => [method, wrap(method)])) } as unknown as Store
}

/** The order of the states of the store. The end of the session comes after every write. */
class StateOrder {
  acknowledged = 0
  readonly #order = new Map<string, number>()

  add(entry: Entry, at: number): void {
    this.#order.set(stateOf(entry), at)
  }

  positionOf(entry: Entry | undefined): number {
    return entry === undefined ? Number.POSITIVE_INFINITY : (this.#order.get(stateOf(entry)) ?? Number.NaN)
  }
}

function stateOf({ version, expiresAt }: Entry): string {
  return `${version} ${expiresAt}`
}

/**
 * Runs the actions of each process in order, the processes concurrently. Returns the reads that saw
 * an earlier state than an acknowledged one.
 */
async function staleReads(scheduler: fc.Scheduler, actions: readonly Action[], stores: 1 | 3): Promise<string[]> {
  const truth = new MemoryStore({ max: 10 })
  const order = new StateOrder()
  const first = sampleEntry({ userId: 'ada' })
  await truth.create({ key: 'key', entry: first })
  order.add(first, 0)
  let count = 0
  const store = observed(truth, (entry) => order.add(entry, ++count))
  const shared = new MemoryStore({ max: 10 })
  const cached = (): CachedStore => {
    const both = { store: scheduled(store, scheduler, 'store'), cache: scheduled(shared, scheduler, 'cache') }
    return new CachedStore({ ...both, maxStale: '30s' })
  }
  const all = Array.from({ length: stores }, cached)
  const stale: string[] = []
  await scheduler.waitFor(
    Promise.all(
      [0, 1, 2].map(async (process) => {
        for (const each of actions.filter((one) => one.process === process)) {
          const { acknowledged } = order
          const result = await perform(all[process % stores] as Store, each)
          if (result === 'unchanged') continue
          const position = order.positionOf(result)
          if (each.verb === 'read' && !(position >= acknowledged)) stale.push(`read ${position} after ${acknowledged} was acknowledged`)
          if (each.verb !== 'read') order.acknowledged = Math.max(order.acknowledged, position)
        }
      }),
    ),
  )
  await scheduler.waitIdle()
  return stale
}

/**
 * Returns the resulting state. The time is constant. A `deleteByIndex` that finds no session changes
 * nothing: another process that deleted it may not have invalidated its cache yet.
 */
async function perform(store: Store, { verb }: Action): Promise<Entry | undefined | 'unchanged'> {
  if (verb === 'read') return store.load({ key: 'key', now: NOW })
  if (verb === 'delete') return void (await store.delete({ key: 'key' }))
  if (verb === 'deleteByIndex') return (await store.deleteByIndex?.({ index: 'userId', name: 'ada' })) === 0 ? 'unchanged' : undefined
  for (;;) {
    const current = await store.load({ key: 'key', now: NOW, fresh: true })
    if (current === undefined) return undefined
    const next = verb === 'write' ? sampleEntry({ userId: 'ada' }) : { ...current, seenAt: NOW, expiresAt: current.expiresAt + 1 }
    if (verb === 'write' && (await store.replace({ key: 'key', entry: next, expected: current.version, now: NOW })).ok) return next
    if (verb === 'touch' && (await store.touch({ key: 'key', expiresAt: next.expiresAt, expected: current.version, now: NOW }))) return next
  }
}

/** Calls `onState` with each new state of the store when it is written. */
function observed(truth: MemoryStore, onState: (entry: Entry) => void): Store {
  return {
    capabilities: truth.capabilities,
    load: (operation) => truth.load(operation),
    create: (operation) => truth.create(operation),
    async replace(operation) {
      const result = truth.replace(operation)
      if ((await result).ok) onState(operation.entry)
      return result
    },
    async touch(operation) {
      const moved = await truth.touch(operation)
      const entry = await truth.load({ key: operation.key, now: NOW })
      if (moved && entry !== undefined) onState(entry)
      return moved
    },
    delete: (operation) => truth.delete(operation),
    deleteByIndex: (operation) => truth.deleteByIndex(operation),
    list: (query) => truth.list(query),
  }
}

// So that no call exceeds its timeout on a busy machine.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

describe.each([
  ['three processes with one cache', 3],
  ['one process with a private cache', 1],
] as const)('in %s', (_, stores) => {
  it('a read that begins after a change was acknowledged sees the change', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(action, { minLength: 3, maxLength: 10 }), async (scheduler, actions) => {
        expect(await staleReads(scheduler, actions, stores)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})

describe('the age of an entry', () => {
  it('is limited to `maxStale`, to the millisecond, by the `now` of the operations', async () => {
    const truth = new MemoryStore()
    const store = new CachedStore({ store: truth, cache: new MemoryStore(), maxStale: `${MAX_STALE}ms` })
    const [old, next] = [sampleEntry(), sampleEntry()]
    await truth.create({ key: 'key', entry: old })
    await store.load({ key: 'key', now: NOW })
    await truth.replace({ key: 'key', entry: next, expected: old.version, now: NOW }) // not through the cached store
    expect(await store.load({ key: 'key', now: NOW + MAX_STALE - 1 })).toEqual(old)
    expect(await store.load({ key: 'key', now: NOW - 1 })).toEqual(next) // a clock that was set back
  })
})
