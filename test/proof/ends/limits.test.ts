// Parallel logins of a user with a limit of sessions, in random orders, each in its own manager as in
// another process, with clocks that differ. Random seeds, virtual time. The mutants are stores that
// break the order of a login.
import { describe, expect, it } from 'vitest'
import type { List, Page, Store } from '../../../src/core/store/store.ts'
import { createSessions, type Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { withMethods, withPauses } from '../../helpers/changed-stores.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Random } from '../scenario/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const ROUNDS = 100
const LOGINS = 5
const LIMIT = 2
const SKEW = 60_000
const START = Date.UTC(2100, 0, 1)

type Mutant = (store: Store) => Store

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore({ max: 100 })],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${ROUNDS} rounds of ${LOGINS} parallel logins with a limit of ${LIMIT} on %s`, (_, open) => {
  it('leave exactly the limit', { timeout: 120_000 }, async () => {
    const { tooMany, tooFew } = await run(open)
    expect({ tooMany, tooFew }).toEqual({ tooMany: 0, tooFew: 0 })
  })

  it('leave too many if the sessions are counted before the write (broken on purpose)', { timeout: 120_000 }, async () => {
    expect((await run(open, countingFirst)).tooMany).toBeGreaterThan(0)
  })
})

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore({ max: 100 })],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${ROUNDS} rounds of ${LOGINS} logins one after another, with clocks a minute apart, on %s`, (_, open) => {
  it('refuse none and keep the last ones', async () => {
    expect(await runInOrder(open)).toEqual({ refused: 0, wrong: 0 })
  })

  it('refuse some or end newer ones without the list before the write (broken on purpose)', async () => {
    const { refused, wrong } = await runInOrder(open, withoutListBefore)
    expect(refused + wrong).toBeGreaterThan(0)
  })
})

function managerOn(store: Store, random: Random, now: () => number): Sessions<any> {
  const bytes = random.fork()
  return createSessions<any>({ store, clearExpired: false, maxPerUser: LIMIT, clock: now, random: (size) => bytes.bytes(size) })
}

async function run(open: () => Store, mutant: Mutant = (store) => store): Promise<{ tooMany: number; tooFew: number }> {
  const results = { tooMany: 0, tooFew: 0 }
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = new Random(seed)
    const time = new VirtualTime()
    const rows = open()
    const login = async (): Promise<void> => {
      const skew = random.int(-SKEW, SKEW)
      const store = mutant(withPauses(rows, () => time.wait(random.int(0, 10))))
      const sessions = managerOn(store, random, () => Math.floor(START + time.now) + skew)
      await time.wait(random.int(0, 20))
      const session = await sessions.open(incoming(undefined))
      session.login('ada')
      await sessions.commit(session, { status: 200 }).catch(() => undefined)
    }
    await time.run(random.next, async () => void (await Promise.all(Array.from({ length: LOGINS }, login))))
    const left = (await managerOn(rows, random, () => START).users.list('ada')).length
    results.tooMany += Number(left > LIMIT)
    results.tooFew += Number(left < LIMIT)
    await rows.close?.()
  }
  return results
}

async function runInOrder(open: () => Store, mutant: Mutant = (store) => store): Promise<{ refused: number; wrong: number }> {
  const results = { refused: 0, wrong: 0 }
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = new Random(seed)
    const rows = open()
    const handles: (string | undefined)[] = []
    for (let at = 0; at < LOGINS; at++) {
      const skew = random.int(-SKEW, SKEW)
      const sessions = managerOn(mutant(rows), random, () => START + at + skew)
      const session = await sessions.open(incoming(undefined))
      session.login('ada')
      await sessions.commit(session, { status: 200 }).catch(() => results.refused++)
      handles.push(session.handle)
    }
    const left = (await managerOn(rows, random, () => START).users.list('ada')).map(({ handle }) => handle)
    results.wrong += Number(left.length !== LIMIT || handles.slice(-LIMIT).some((handle) => handle === undefined || !left.includes(handle)))
    await rows.close?.()
  }
  return results
}

/** Reads the list after the write as it was before it, with the new session. */
function countingFirst(store: Store): Store {
  let before: Page | undefined
  let own: readonly [string, Parameters<Store['create']>[0]['entry']] | undefined
  return withMethods(store, {
    async list(operation) {
      before ??= await listOf(store, operation)
      return own === undefined ? before : { entries: [...before.entries, own] }
    },
    create(operation) {
      own = [operation.key, operation.entry]
      return store.create(operation)
    },
  })
}

/** The list before the write is empty. */
function withoutListBefore(store: Store): Store {
  let hasWritten = false
  return withMethods(store, {
    list: async (operation) => (hasWritten ? listOf(store, operation) : { entries: [] }),
    create(operation) {
      hasWritten = true
      return store.create(operation)
    },
  })
}

async function listOf(store: Store, operation: List): Promise<Page> {
  return (await store.list?.(operation)) ?? { entries: [] }
}
