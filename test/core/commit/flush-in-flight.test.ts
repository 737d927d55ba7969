import { describe, expect, it } from 'vitest'
import { createSessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Create, Entry, Keyed, Load, Refused, Replace, Written } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'

/** A store whose operations wait one turn of the event loop, so the request continues first. */
class SlowStore extends MemoryStore {
  override async load(operation: Load): Promise<Entry | undefined> {
    return nextTurn(() => super.load(operation))
  }
  override async create(operation: Create): Promise<Written | Refused> {
    return nextTurn(() => super.create(operation))
  }
  override async replace(operation: Replace): Promise<Written | Refused> {
    return nextTurn(() => super.replace(operation))
  }
  override async delete(operation: Keyed): Promise<boolean> {
    return nextTurn(() => super.delete(operation))
  }
}

async function nextTurn<T>(work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve))
  return work()
}

async function openSession(initial: Record<string, unknown>, options: { lazy?: boolean } = {}) {
  const store = new SlowStore()
  const sessions = createSessions({ store, ...options })
  const first = sessions.create()
  first.assign(initial)
  if (Object.keys(initial).length > 0) await first.save()
  const cookie = first.id === undefined ? undefined : `sid=${first.id}`
  const session = await sessions.open(incoming(cookie, { secure: false, loopback: true }))
  const commit = async (): Promise<{ setCookie: string | null; rows: unknown[] }> => {
    const headers = await sessions.commit(session, { status: 200 })
    const { entries } = await store.list({ now: Date.now() })
    return { setCookie: headers.get('set-cookie'), rows: entries.map(([, { payload }]) => JSON.parse(payload)) }
  }
  return { session, commit }
}

/** Operations that may be in flight when a request flushes its session. */
const inFlight: Record<string, (session: Session) => Promise<unknown>> = {
  'a save of changes': (session) => session.set('c', 1).save(),
  'a save of a new id': (session) => {
    session.cycleId()
    return session.save()
  },
  'a save of a login': (session) => {
    session.login('ada')
    return session.save()
  },
  'a reload': (session) => session.reload(),
  'a claim': (session) => session.claim('coupon'),
  'a claim of an absent property': (session) => session.claim('nothing'),
}

describe('a flush', () => {
  it.each(Object.entries(inFlight))('during %s is final and deletes the cookie', async (_name, start) => {
    const { session, commit } = await openSession({ secret: 1, coupon: 9 })
    const started = start(session)
    session.flush()
    await started
    expect(session.get('secret')).toBeUndefined()
    const { setCookie, rows } = await commit()
    expect(rows).toEqual([])
    expect(setCookie).toMatch(/^sid=; /)
  })

  it.each(Object.entries(inFlight))('during %s keeps only what is set after it', async (_name, start) => {
    const { session, commit } = await openSession({ secret: 1, coupon: 9 })
    const started = start(session)
    session.flush()
    session.set('b', 2)
    await started
    expect(session.toObject()).toEqual({ b: 2 })
    expect((await commit()).rows).toEqual([{ b: 2 }])
  })

  it('during the save of a new session deletes its row too', async () => {
    const { session, commit } = await openSession({})
    const saved = session.set('secret', 1).save()
    session.flush()
    await saved
    const { setCookie, rows } = await commit()
    expect([setCookie, rows]).toEqual([null, []])
  })

  it('during a lazy load shows no loaded data', async () => {
    const { session, commit } = await openSession({ secret: 1 }, { lazy: true })
    const loaded = session.load()
    session.flush()
    session.set('b', 2)
    await loaded
    expect((await commit()).rows).toEqual([{ b: 2 }])
  })
})

describe('a change during a save', () => {
  it.each<[string, Record<string, unknown>, (session: Session) => void]>([
    ['of a session that was flushed and started again', { old: 1 }, (session) => session.flush()],
    ['of a login over another user', { userId: 'ada' }, (session) => session.login('grace')],
    ['of changes', { old: 1 }, (session) => void session.set('c', 1)],
  ])('%s is committed after it', async (_name, initial, change) => {
    const { session, commit } = await openSession(initial)
    change(session)
    session.set('a', 1)
    const saved = session.save()
    session.set('b', 2)
    await saved
    expect((await commit()).rows).toEqual([expect.objectContaining({ a: 1, b: 2 })])
  })

  it('of a property that is being claimed is visible and can be deleted', async () => {
    const { session, commit } = await openSession({ coupon: 1 })
    const claimed = session.claim('coupon')
    session.set('coupon', 2)
    expect(await claimed).toBe(1)
    expect(session.get('coupon')).toBe(2)
    expect(session.delete('coupon')).toBe(true)
    expect((await commit()).rows).toEqual([{}])
  })

  it('inside an object that was read before a login is detected', async () => {
    const { session, commit } = await openSession({ cart: [1] })
    const cart = session.get('cart') as number[]
    session.login('ada')
    cart.push(2)
    expect((await commit()).rows).toEqual([{ cart: [1, 2], userId: 'ada' }])
  })
})
