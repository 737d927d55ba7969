import { describe, expect, it } from 'vitest'
import { createSessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Create, Entry, Keyed, Load, Refused, Replace, Written } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../incoming.ts'

/** Every operation takes a turn of the event loop: time for the request to go on before it is done. */
class Unhurried extends MemoryStore {
  override async load(operation: Load): Promise<Entry | undefined> {
    return turn(() => super.load(operation))
  }
  override async create(operation: Create): Promise<Written | Refused> {
    return turn(() => super.create(operation))
  }
  override async replace(operation: Replace): Promise<Written | Refused> {
    return turn(() => super.replace(operation))
  }
  override async delete(operation: Keyed): Promise<boolean> {
    return turn(() => super.delete(operation))
  }
}

async function turn<T>(work: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve))
  return work()
}

async function visitor(initial: Record<string, unknown>, options: { lazy?: boolean } = {}) {
  const store = new Unhurried()
  const sessions = createSessions({ store, ...options })
  const first = sessions.create()
  first.assign(initial)
  if (Object.keys(initial).length > 0) await first.save()
  const cookie = first.id === undefined ? undefined : `sid=${first.id}`
  const session = await sessions.open(incoming(cookie, { secure: false, loopback: true }))
  const end = async (): Promise<{ setCookie: string | null; rows: unknown[] }> => {
    const headers = await sessions.commit(session, { status: 200 })
    const { entries } = await store.list({ now: Date.now() })
    return { setCookie: headers.get('set-cookie'), rows: entries.map(([, { payload }]) => JSON.parse(payload)) }
  }
  return { session, end }
}

/** What may be under way when a request flushes its session. */
const underWay: Record<string, (session: Session) => Promise<unknown>> = {
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
  'a claim of what was not there': (session) => session.claim('nothing'),
}

describe('a flush while', () => {
  it.each(Object.entries(underWay))('%s is under way is final, and takes the cookie away', async (_name, start) => {
    const { session, end } = await visitor({ secret: 1, coupon: 9 })
    const started = start(session)
    session.flush()
    await started
    expect(session.get('secret')).toBeUndefined()
    const { setCookie, rows } = await end()
    expect(rows).toEqual([])
    expect(setCookie).toMatch(/^sid=; /)
  })

  it.each(Object.entries(underWay))('%s is under way leaves only what was set afterwards', async (_name, start) => {
    const { session, end } = await visitor({ secret: 1, coupon: 9 })
    const started = start(session)
    session.flush()
    session.set('b', 2)
    await started
    expect(session.toObject()).toEqual({ b: 2 })
    expect((await end()).rows).toEqual([{ b: 2 }])
  })

  it('a new session is being saved ends that one too', async () => {
    const { session, end } = await visitor({})
    const saved = session.set('secret', 1).save()
    session.flush()
    await saved
    const { setCookie, rows } = await end()
    expect([setCookie, rows]).toEqual([null, []])
  })

  it('it is being loaded, with lazy, shows nothing of it', async () => {
    const { session, end } = await visitor({ secret: 1 }, { lazy: true })
    const loaded = session.load()
    session.flush()
    session.set('b', 2)
    await loaded
    expect((await end()).rows).toEqual([{ b: 2 }])
  })
})

describe('a change while a save is under way', () => {
  it.each<[string, Record<string, unknown>, (session: Session) => void]>([
    ['of a session that was flushed and begun anew', { old: 1 }, (session) => session.flush()],
    ['of a login over another user', { userId: 'ada' }, (session) => session.login('grace')],
    ['of changes', { old: 1 }, (session) => void session.set('c', 1)],
  ])('%s is committed after it', async (_name, initial, begin) => {
    const { session, end } = await visitor(initial)
    begin(session)
    session.set('a', 1)
    const saved = session.save()
    session.set('b', 2)
    await saved
    expect((await end()).rows).toEqual([expect.objectContaining({ a: 1, b: 2 })])
  })

  it('of the property that is being claimed is seen, and can be deleted', async () => {
    const { session, end } = await visitor({ coupon: 1 })
    const claimed = session.claim('coupon')
    session.set('coupon', 2)
    expect(await claimed).toBe(1)
    expect(session.get('coupon')).toBe(2)
    expect(session.delete('coupon')).toBe(true)
    expect((await end()).rows).toEqual([{}])
  })

  it('inside of an object that was handed out before a login is noticed', async () => {
    const { session, end } = await visitor({ cart: [1] })
    const cart = session.get('cart') as number[]
    session.login('ada')
    cart.push(2)
    expect((await end()).rows).toEqual([{ cart: [1, 2], userId: 'ada' }])
  })
})
