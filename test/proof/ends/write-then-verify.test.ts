// Three logins of a user next to a revocation of all sessions of the user, in random orders: after
// both are done, no login that began before the revocation is left. Random seeds, virtual time.
import { describe, expect, it } from 'vitest'
import { SessionEndedError } from '../../../src/core/base/errors.ts'
import type { Lifecycle, Objection } from '../../../src/core/config/lifecycle.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { tombstone } from '../../../src/core/store/tombstone.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Random } from '../scenario/random.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

const ROUNDS = 150
const LOGINS = 3
const START = Date.UTC(2100, 0, 1)
const DAY = 86_400_000
const MARK = 'mark'

/** How logins and revocations find each other. All but the first are broken on purpose. */
interface Variant {
  readonly checks: 'after the write' | 'before the write'
  readonly marks: 'before the deletion' | 'after the deletion'
}

const writeThenVerify: Variant = { checks: 'after the write', marks: 'before the deletion' }

describe.each<[string, () => Store]>([
  ['memory', () => new MemoryStore({ max: 100 })],
  ['sqlite', () => new SqliteStore(':memory:')],
])(`${ROUNDS} rounds of ${LOGINS} logins next to a revocation on %s`, (_, open) => {
  it('leave no login and keep the carts of those that were withdrawn', { timeout: 120_000 }, async () => {
    const { survivors, withdrawn, lostCarts } = await run(open, writeThenVerify)
    expect({ survivors, lostCarts }).toEqual({ survivors: 0, lostCarts: 0 })
    expect(withdrawn).toBeGreaterThan(ROUNDS / 10)
  })

  it('leave logins if the check is made before the write (broken on purpose)', { timeout: 120_000 }, async () => {
    expect((await run(open, { ...writeThenVerify, checks: 'before the write' })).survivors).toBeGreaterThan(0)
  })

  it('leave logins if the mark is set after the deletion (broken on purpose)', { timeout: 120_000 }, async () => {
    expect((await run(open, { ...writeThenVerify, marks: 'after the deletion' })).survivors).toBeGreaterThan(0)
  })
})

interface Results {
  survivors: number
  withdrawn: number
  lostCarts: number
}

async function run(open: () => Store, variant: Variant): Promise<Results> {
  const results: Results = { survivors: 0, withdrawn: 0, lostCarts: 0 }
  for (let seed = 1; seed <= ROUNDS; seed++) await loginsNextToRevocation(open(), variant, new Random(seed), results)
  return results
}

async function loginsNextToRevocation(rows: Store, variant: Variant, random: Random, results: Results): Promise<void> {
  const time = new VirtualTime()
  const store = delayed(rows, () => time.wait(random.int(0, 10)))
  const revokedSince = async (openedAt: number): Promise<boolean> => {
    const mark = await store.load({ key: MARK, now: 0 })
    return mark !== undefined && openedAt <= mark.createdAt
  }
  const marks = (): Lifecycle => ({
    afterWrite: ({ assignsUser, openedAt }) => (assignsUser ? revokedSince(openedAt).then(objection) : undefined),
  })
  const bytes = random.fork()
  const now = (): number => Math.floor(START + time.now)
  const sessions = new Sessions<any>(
    {
      store,
      clearExpired: false,
      clock: now,
      random: (size) => bytes.bytes(size),
      onEvent: ({ type }) => void (results.withdrawn += Number(type === 'login-withdrawn')),
    },
    ownProfile,
    variant.checks === 'after the write' ? [marks] : [],
  )
  const login = async (opened: Awaited<ReturnType<typeof sessions.open>>, openedAt: number): Promise<void> => {
    await time.wait(random.int(0, 40))
    if (variant.checks === 'before the write' && (await revokedSince(openedAt))) return
    opened.login('ada')
    const headers = await sessions.commit(opened, { status: 200 }).catch(() => sessions.headers(opened))
    const id = /=([^;]+)/.exec(headers.getSetCookie()[0] ?? '')?.[1]
    const after = id === undefined ? undefined : await sessions.load(id)
    const isWithdrawn = after !== undefined && !after.isNew && after.userId === undefined
    if (isWithdrawn && after.get('cart') !== 1) results.lostCarts++
  }
  const setMark = (): unknown => store.create({ key: MARK, entry: tombstone('mark', now(), START + DAY) })
  const revoke = async (): Promise<void> => {
    await time.wait(random.int(1, 40))
    if (variant.marks === 'before the deletion') await setMark()
    await sessions.users.revoke('ada')
    if (variant.marks === 'after the deletion') await setMark()
  }
  await time.run(random.next, async () => {
    const opened = await Promise.all(
      Array.from({ length: LOGINS }, async (_, index) => {
        if (index === 0) return sessions.open(incoming(undefined))
        const anonymous = sessions.create().set('cart', 1)
        await anonymous.save()
        return sessions.open(incoming(`__Host-sid=${anonymous.id}`))
      }),
    )
    const openedAt = now()
    await Promise.all([...opened.map((session) => login(session, openedAt)), revoke()])
    results.survivors += (await sessions.users.list('ada')).length
  })
  await rows.close?.()
}

function objection(isRevoked: boolean): Objection | undefined {
  return isRevoked ? { error: new SessionEndedError('ended'), retry: false, reason: 'revoked' } : undefined
}

/** A store whose operations take a random time before and after they have their effect. */
function delayed(store: Store, pause: () => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]) => {
        await pause()
        const result: unknown = await member.apply(target, args)
        await pause()
        return result
      }
    },
  })
}
