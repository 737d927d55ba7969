// Three logins of a user next to a revocation of all sessions of the user, in random orders: after
// both are done, no login that began before the revocation is left. Each login has its own manager, as
// in another process. Random seeds, virtual time. The mutants are stores that break the order of
// login or revocation.
import { describe, expect, it } from 'vitest'
import type { Replace, Store } from '../../../src/core/store/store.ts'
import { createSessions, type Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { withMethods, withPauses } from '../../helpers/changed-stores.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Random } from '../scenario/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const ROUNDS = 150
const LOGINS = 3
const START = Date.UTC(2100, 0, 1)

/** Changes the store that a login or the revocation uses. */
interface Mutant {
  readonly ofLogin?: (store: Store) => Store
  readonly ofRevocation?: (store: Store) => Store
}

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore({ max: 100 })],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${ROUNDS} rounds of ${LOGINS} logins next to a revocation on %s`, (_, open) => {
  it('leave no login and keep the carts of those that were withdrawn', { timeout: 120_000 }, async () => {
    const { survivors, withdrawn, lostCarts } = await run(open)
    expect({ survivors, lostCarts }).toEqual({ survivors: 0, lostCarts: 0 })
    expect(withdrawn).toBeGreaterThan(ROUNDS / 10)
  })

  it('leave logins if the check is made before the write only (broken on purpose)', { timeout: 120_000 }, async () => {
    expect((await run(open, { ofLogin: checkingBeforeTheWrite })).survivors).toBeGreaterThan(0)
  })

  it('leave logins if the mark is set after the deletion (broken on purpose)', { timeout: 120_000 }, async () => {
    expect((await run(open, { ofRevocation: markingAfterTheDeletion })).survivors).toBeGreaterThan(0)
  })
})

interface Results {
  survivors: number
  withdrawn: number
  lostCarts: number
}

async function run(open: () => Store, mutant: Mutant = {}): Promise<Results> {
  const results: Results = { survivors: 0, withdrawn: 0, lostCarts: 0 }
  for (let seed = 1; seed <= ROUNDS; seed++) await loginsNextToRevocation(open(), mutant, new Random(seed), results)
  return results
}

async function loginsNextToRevocation(rows: Store, { ofLogin, ofRevocation }: Mutant, random: Random, results: Results): Promise<void> {
  const time = new VirtualTime()
  const managerOf = (change: (store: Store) => Store = (store) => store): Sessions<any> => {
    const bytes = random.fork()
    return createSessions<any>({
      store: change(withPauses(rows, () => time.wait(random.int(0, 10)))),
      clearExpired: false,
      clock: () => Math.floor(START + time.now),
      random: (size) => bytes.bytes(size),
      onEvent: ({ type }) => void (results.withdrawn += Number(type === 'login-withdrawn')),
    })
  }
  const login = async (sessions: Sessions<any>, opened: Awaited<ReturnType<typeof sessions.open>>): Promise<void> => {
    await time.wait(random.int(0, 40))
    opened.login('ada')
    const headers = await sessions.commit(opened, { status: 200 }).catch(() => sessions.headers(opened))
    const id = /=([^;]+)/.exec(headers.getSetCookie()[0] ?? '')?.[1]
    const after = id === undefined ? undefined : await sessions.load(id)
    const isWithdrawn = after !== undefined && !after.isNew && after.userId === undefined
    if (isWithdrawn && after.get('cart') !== 1) results.lostCarts++
  }
  const revoker = managerOf(ofRevocation)
  const revoke = async (): Promise<void> => {
    await time.wait(random.int(1, 40))
    await revoker.users.revoke('ada')
  }
  await time.run(random.next, async () => {
    const logins = await Promise.all(
      Array.from({ length: LOGINS }, async (_, index) => {
        const sessions = managerOf(ofLogin)
        if (index === 0) return { sessions, opened: await sessions.open(incoming(undefined)) }
        const anonymous = revoker.create().set('cart', 1)
        await anonymous.save()
        return { sessions, opened: await sessions.open(incoming(`__Host-sid=${anonymous.id}`)) }
      }),
    )
    await Promise.all([...logins.map(({ sessions, opened }) => login(sessions, opened)), revoke()])
    results.survivors += (await revoker.users.list('ada')).length
  })
  await rows.close?.()
}

/** A login finds no mark once it has written its session. */
function checkingBeforeTheWrite(store: Store): Store {
  let hasWritten = false
  return withMethods(store, {
    async load(operation) {
      const found = await store.load(operation)
      return isMark(operation) && hasWritten ? undefined : found
    },
    create(operation) {
      hasWritten = true
      return store.create(operation)
    },
    replace(operation) {
      hasWritten = true
      return store.replace(operation)
    },
  })
}

/** The mark is acknowledged at once and written after the sessions were deleted. */
function markingAfterTheDeletion(store: Store): Store {
  let mark: (() => Promise<unknown>) | undefined
  const later = (write: () => Promise<unknown>): { readonly ok: true } => {
    mark = write
    return { ok: true }
  }
  return withMethods(store, {
    create: async (operation) => (isMark(operation) ? later(() => store.create(operation)) : store.create(operation)),
    replace: async (operation: Replace) => (isMark(operation) ? later(() => store.replace(operation)) : store.replace(operation)),
    async deleteByIndex(operation) {
      const count = (await store.deleteByIndex?.(operation)) ?? 0
      await mark?.()
      return count
    },
  })
}

function isMark({ key }: { readonly key: string }): boolean {
  return key.startsWith('mark.')
}
