// Logins next to a revocation and next to each other, on real databases: each login and the revocation
// have separate managers, as in other processes, and begin in a random order.
import { describe, expect, it } from 'vitest'
import { createSessions, type Sessions, type Store } from '../../../src/index.ts'
import { PostgresStore } from '../../../src/stores/postgres.ts'
import { incoming } from '../../helpers/incoming.ts'
import { freshTable, newSql, POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { SERVER_STORES } from '../../services/server-stores.ts'

const ROUNDS = 40
const sql = newSql()

const STORES: typeof SERVER_STORES = [
  ...SERVER_STORES,
  ['PostgreSQL, postgres.js', POSTGRES !== '', () => new PostgresStore({ pool: sql, table: freshTable() })],
]

for (const [name, isThere, make] of STORES)
  describe.skipIf(!isThere)(`parallel logins on ${name}`, () => {
    it('leave none that began before a revocation', { timeout: 60_000 }, async () => {
      const store = await make()
      let survivors = 0
      let refused = 0
      for (let round = 0; round < ROUNDS; round++) {
        const user = `ada${round}`
        const logins = await Promise.all(Array.from({ length: 3 }, () => loginOf(store, user)))
        const work = [...logins, () => managerOn(store).users.revoke(user)]
        const results = await Promise.allSettled(inRandomOrder(work))
        refused += results.filter(({ status }) => status === 'rejected').length
        survivors += (await managerOn(store).users.list(user)).length
      }
      expect(survivors).toBe(0)
      expect(refused).toBeGreaterThan(0)
    })

    it('leave exactly the limit', { timeout: 60_000 }, async () => {
      const store = await make()
      const left: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const user = `ada${round}`
        const logins = await Promise.all(Array.from({ length: 5 }, () => loginOf(store, user, 2)))
        await Promise.allSettled(inRandomOrder(logins))
        left.push((await managerOn(store).users.list(user)).length)
      }
      expect(new Set(left)).toEqual(new Set([2]))
    })
  })

function managerOn(store: Store, maxPerUser?: number): Sessions<any> {
  return createSessions<any>({
    store,
    ...(store.clearExpired !== undefined && { clearExpired: false }),
    ...(maxPerUser !== undefined && { maxPerUser }),
  })
}

/** Opens a request that logs the user in when the function is called. */
async function loginOf(store: Store, user: string, maxPerUser?: number): Promise<() => Promise<unknown>> {
  const sessions = managerOn(store, maxPerUser)
  const session = await sessions.open(incoming(undefined))
  session.login(user)
  return () => sessions.commit(session, { status: 200 })
}

function inRandomOrder(work: readonly (() => Promise<unknown>)[]): Promise<unknown>[] {
  return work.map(async (each) => {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 6))
    return each()
  })
}
