import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/index.ts'
import { Browser, rejection, World, worldWith } from './fixture.ts'
import { forever, lostAnswer, lostRequest, real, type Script, ScriptedStore, times } from './scripted-store.ts'

const timeout = { operation: '25ms', request: '120ms' } as const

async function scripted(properties: Record<string, unknown>): Promise<{ world: World; store: ScriptedStore }> {
  const world = await worldWith(properties, { timeout }, (memory) => new ScriptedStore(memory))
  const store = world.store as ScriptedStore
  store.calls.length = 0
  return { world, store }
}

const hangsAfter: Script = async (next) => {
  await next()
  return forever()
}

/** The client library sends twice and hands back the second answer. */
const resent: Script = async (next) => {
  await next()
  return next()
}

describe('a replace', () => {
  const survived: [string, Script][] = [
    ['whose answer was lost', times(1, lostAnswer)],
    ['whose answer was lost twice', times(2, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that never got there, twice', times(2, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that hangs without effect', times(1, forever)],
    ['that a client library sent twice', times(1, resent)],
    ['that fails surely at first', times(2, () => { throw new StoreError('replace', 'busy', { applied: false }) })],
  ]
  it.each(survived)('%s takes effect exactly once', async (_name, script) => {
    const { world, store } = await scripted({ n: 0 })
    store.on({ replace: script })
    await world.visit((session) => session.increment('n'))
    store.on({})
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('that arrives late, after it was sent again, has no effect', async () => {
    const { world, store } = await scripted({ n: 0 })
    let arrived: unknown
    store.on({
      replace: times(1, (next) => {
        void real(60).then(next).then((answer) => (arrived = answer))
        throw new Error('the connection was lost')
      }),
    })
    await world.visit((session) => session.increment('n'))
    await real(80)
    expect(arrived).toMatchObject({ ok: false })
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('that arrives late, while it is looked for, is found', async () => {
    const { world, store } = await scripted({ n: 0 })
    let sent = false
    store.on({
      replace: (next) => {
        if (sent) return undefined
        sent = true
        void real(5).then(next)
        throw new Error('the connection was lost')
      },
      load: async (next) => {
        await real(10)
        return next()
      },
    })
    const session = await world.open()
    session.increment('n')
    await world.sessions.commit(session, { status: 200 })
    store.on({})
    expect(await world.read()).toEqual({ n: 1 })
  })

  it('whose answer was lost and that others wrote over is recognised by its mark', async () => {
    const { world, store } = await scripted({ n: 0 })
    store.on({
      replace: times(1, async (next) => {
        await next()
        store.on({})
        const manager = world.manager()
        for (let round = 0; round < 3; round++) {
          const other = await world.open(world.browser, manager)
          other.increment('n', 10)
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    await world.visit((session) => session.increment('n'))
    expect(await world.read()).toEqual({ n: 31 })
  })

  it('that was lost while 32 other managers wrote is unknown', async () => {
    const { world, store } = await scripted({ n: 0 })
    store.on({
      replace: times(1, async (next) => {
        await next()
        store.on({})
        for (let round = 0; round < 32; round++) {
          const manager = world.manager()
          const other = await world.open(world.browser, manager)
          other.increment('others')
          await manager.commit(other, { status: 200 })
        }
        throw new Error('the connection was lost')
      }),
    })
    const session = await world.open()
    session.increment('n')
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, others: 32 })
  })

  it('that was applied longer ago than the request timeout, and whose mark is gone, is unknown and never a conflict', async () => {
    const world = await worldWith({ n: 0 }, { timeout: { operation: '150ms', request: '30ms' } }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ replace: times(1, hangsAfter) })
    const session = await world.open()
    session.increment('n')
    const failed = rejection(world.sessions.commit(session, { status: 200 }))
    await real(10)
    world.clock.advance(1000)
    const manager = world.manager({ timeout: { operation: '150ms', request: '30ms' } })
    const other = await world.open(world.browser, manager)
    other.set('x', 1)
    await manager.commit(other, { status: 200 })
    expect((await failed).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, x: 1 })
  })

  it('that was lost, on a row that is missing now, is unknown', async () => {
    const { world, store } = await scripted({ n: 0 })
    const [[key = ''] = []] = await world.rows()
    store.on({ replace: times(1, async (next) => { await next(); await world.memory.delete(key); throw new Error('lost') }) })
    const session = await world.open()
    session.increment('n')
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await world.rows()).length).toBe(0)
  })

  it('that never answers, on a store that cannot be read, is unknown at the deadline', async () => {
    const { world, store } = await scripted({ n: 0 })
    const session = await world.open()
    session.increment('n')
    store.on({ replace: forever, load: forever })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_COMMIT_UNKNOWN', status: 503 })
  })

  it('that surely failed again and again is StoreError, and nothing was applied', async () => {
    const { world, store } = await scripted({ n: 0 })
    const session = await world.open()
    session.increment('n')
    store.on({ replace: () => { throw new StoreError('replace', 'full', { applied: false }) } })
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_STORE', operation: 'replace', applied: false, status: 503 })
    expect(store.calls).not.toContain('delete')
    store.on({})
    expect(await world.read()).toEqual({ n: 0 })
  })

  it('repeats under the same nonce', async () => {
    const { world, store } = await scripted({ n: 0 })
    const versions: string[] = []
    let failures = 2
    store.on({
      replace: (_next, _key, entry) => {
        versions.push((entry as { version: string }).version)
        failures -= 1
        if (failures >= 0) throw new Error('lost')
      },
    })
    await world.visit((session) => session.increment('n'))
    expect([versions.length, new Set(versions).size]).toEqual([3, 1])
  })
})

describe('a create', () => {
  const survived: [string, Script][] = [
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that hangs without effect', times(1, forever)],
    ['that a client library sent twice', times(1, resent)],
    ['that fails surely at first', times(1, () => { throw new StoreError('create', 'busy', { applied: false }) })],
  ]
  it.each(survived)('%s makes one row, and the cookie leads to it', async (_name, script) => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ create: script })
    await world.visit((session) => void session.set('a', 1))
    store.on({})
    expect([(await world.rows()).length, await world.read()]).toEqual([1, { a: 1 }])
  })

  it('that never answers, on a store that cannot be read, is unknown, and sends no cookie', async () => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({ create: forever, load: forever })
    const session = await world.open()
    session.set('a', 1)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('never adopts what another put under that id: the living session is unchanged, the new one gets another id', async () => {
    const world = await worldWith({ victim: true })
    const [before, family] = [await world.rows(), world.browser.id?.slice(0, 16) ?? '']
    const planned = [Buffer.from(family, 'base64url')]
    let drawn = 0
    const random = (size: number): Uint8Array => {
      drawn += 1
      return size === 12 && drawn > 3 && planned.length > 0 ? (planned.shift() as Uint8Array) : crypto.getRandomValues(new Uint8Array(size))
    }
    const manager = world.manager({ random })
    const browser = new Browser()
    const session = await world.open(browser, manager)
    session.set('mine', 1)
    browser.obey(await manager.commit(session, { status: 200 }))
    expect(await world.read()).toEqual({ victim: true })
    expect(await world.read(browser)).toEqual({ mine: 1 })
    expect((await world.rows()).length).toBe(before.length + 1)
  })

  it('on a store where every id is taken fails, and soon', async () => {
    const world = new World({ timeout }, (memory) => new ScriptedStore(memory))
    const store = world.store as ScriptedStore
    store.on({ create: () => (store.calls.length > 500 ? forever() : { ok: false, reason: 'taken' }) })
    const session = await world.open()
    session.set('a', 1)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toMatch(/^ERR_SESSION_/)
    expect(store.calls.length).toBeLessThan(100)
  })
})

describe('a delete', () => {
  it.each<[string, Script]>([
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(2, lostRequest)],
    ['that hangs', times(1, forever)],
    ['that fails surely at first', times(1, () => { throw new StoreError('delete', 'busy', { applied: false }) })],
  ])('%s is sent again', async (_name, script) => {
    const { world, store } = await scripted({ a: 1 })
    store.on({ delete: script })
    const { headers } = await world.visit((session) => session.flush())
    expect([(await world.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
  })

  it('that is never heard fails the request; the cookie stays', async () => {
    const { world, store } = await scripted({ a: 1 })
    store.on({ delete: forever })
    const session = await world.open()
    session.flush()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })

  it('that surely fails is StoreError; the cookie stays', async () => {
    const { world, store } = await scripted({ a: 1 })
    store.on({ delete: () => { throw new StoreError('delete', 'read-only', { applied: false }) } })
    const session = await world.open()
    session.flush()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_STORE')
    expect(world.sessions.headers(session).getSetCookie()).toEqual([])
  })
})

describe('after a CommitUnknownError', () => {
  async function doubtful(): Promise<{ world: World; store: ScriptedStore; session: Awaited<ReturnType<World['open']>> }> {
    const { world, store } = await scripted({ n: 0, coupon: 1 })
    const session = await world.open()
    session.increment('n')
    store.on({ replace: lostAnswer, load: lostRequest })
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    return { world, store, session }
  }

  it('only flush is still performed', async () => {
    const { world, session } = await doubtful()
    expect(() => session.set('b', 1)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_COMMIT_UNKNOWN' }))
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    session.flush()
    world.browser.obey(await world.sessions.commit(session, { status: 200 }))
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
  })

  it('the commit of the request is refused too, and nothing is applied twice', async () => {
    const { world, session } = await doubtful()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('reload does not make it forget', async () => {
    const { world, session } = await doubtful()
    await session.reload().catch(() => undefined)
    await world.sessions.commit(session, { status: 200 }).catch(() => undefined)
    expect(await world.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('of a claim, the value is handed out at most once', async () => {
    const { world, store } = await scripted({ coupon: 1 })
    const session = await world.open()
    store.on({ replace: lostAnswer, load: lostRequest })
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    const { result } = await world.visit((other) => other.claim('coupon'))
    expect(result).toBeUndefined()
  })
})

describe('a claim', () => {
  it.each<[string, Script]>([
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that a client library sent twice', times(1, resent)],
  ])('%s hands the value out once', async (_name, script) => {
    const { world, store } = await scripted({ coupon: 'c', a: 1 })
    store.on({ replace: script })
    const { result } = await world.visit((session) => session.claim('coupon'))
    expect(result).toBe('c')
    store.on({})
    expect(await world.read()).toEqual({ a: 1 })
  })
})

describe('every store call fails once, in every way', () => {
  const modes: [string, Script][] = [
    ['before the effect', lostRequest],
    ['after the effect', lostAnswer],
    ['hangs before the effect', forever],
    ['hangs after the effect', hangsAfter],
    ['is sent twice', resent],
  ]
  it.each(modes)('%s: the increment counts once, the claim is handed out once, no second row appears', async (_name, script) => {
    for (let failing = 1; failing <= 6; failing++) {
      const world = await worldWith({ n: 0, coupon: 'c' }, { timeout }, (memory) => new ScriptedStore(memory))
      const store = world.store as ScriptedStore
      let calls = 0
      const once: Script = (next, ...args) => ((calls += 1) === failing ? script(next, ...args) : undefined)
      store.on({ load: once, replace: once, touch: once })
      const session = await world.open()
      const outcome = await (async () => {
        session.increment('n')
        const coupon = await session.claim('coupon')
        await session.save()
        session.cycleId()
        world.browser.obey(await world.sessions.commit(session, { status: 200 }))
        return coupon
      })().catch((error: unknown) => error)
      store.on({})
      expect((await world.rows()).length).toBe(1)
      const row = JSON.parse((await world.row()).payload) as { n: number; coupon?: string }
      if (outcome === 'c') expect(row).toEqual({ n: 1 })
      else expect(outcome, `call ${failing}`).toMatchObject({ code: 'ERR_SESSION_STORE', operation: 'load' })
      if (outcome === 'c') expect(await world.read()).toEqual({ n: 1 })
      else expect(row).toEqual({ n: 0, coupon: 'c' })
    }
  })
})
