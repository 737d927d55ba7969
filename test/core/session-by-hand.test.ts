import { describe, expect, it } from 'vitest'
import { NotLoadedError } from '../../src/index.ts'
import { Browser, rejection, thrown, World, worldWith } from './fixture.ts'
import { ScriptedStore } from './scripted-store.ts'

describe('save', () => {
  it('commits at once, and is final even if the request fails later', async () => {
    const world = await worldWith({ a: 1 })
    await world.visit(async (session) => {
      session.set('b', 2)
      await session.save()
      expect(session.modified).toBe(false)
      expect(await world.read()).toEqual({ a: 1, b: 2 })
      session.set('c', 3)
    }, { status: 503 })
    expect(await world.read()).toEqual({ a: 1, b: 2 })
  })

  it('of a new session makes its row; its cookie goes out with whatever response follows', async () => {
    for (const status of [200, 302, 404, 500]) {
      const world = new World()
      const { headers } = await world.visit(async (session) => {
        session.set('a', 1)
        await session.save()
        expect(session.id).toBeDefined()
      }, { status })
      expect(headers.getSetCookie().length).toBe(1)
      expect(await world.read()).toEqual({ a: 1 })
    }
  })

  it('of nothing writes nothing', async () => {
    const world = new World()
    await world.visit(async (session) => session.save())
    expect((await world.rows()).length).toBe(0)
  })

  it('after it commits build on the newest state, while reads keep the opened snapshot and own changes, until reload', async () => {
    const world = await worldWith({ a: 'old' })
    await world.visit(async (session) => {
      await world.visit((other) => void other.set('a', 'new').set('x', 1))
      session.set('b', 1)
      await session.save()
      expect(session.toObject()).toEqual({ a: 'old', b: 1 })
      session.set('c', 1)
      await session.reload()
      expect(session.toObject()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
    })
    expect(await world.read()).toEqual({ a: 'new', x: 1, b: 1, c: 1 })
  })

  it('twice, with changes between, saves each once', async () => {
    const world = await worldWith({ n: 0 })
    await world.visit(async (session) => {
      session.increment('n')
      await session.save()
      session.increment('n')
      await session.save()
    })
    expect(await world.read()).toEqual({ n: 2 })
  })

  it('not awaited, and again, and a claim: they go one after the other', async () => {
    const world = await worldWith({ n: 0, coupon: 1 })
    await world.visit(async (session) => {
      session.increment('n')
      const first = session.save()
      session.increment('n')
      const claimed = session.claim('coupon')
      session.increment('n')
      await Promise.all([first, claimed, session.save()])
      expect(await claimed).toBe(1)
    })
    expect(await world.read()).toEqual({ n: 3 })
  })

  it('keeps watching what it handed out', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit(async (session) => {
      const cart = session.get('cart')
      cart.push(2)
      await session.save()
      cart.push(3)
    })
    expect(await world.read()).toEqual({ cart: [1, 2, 3] })
  })
})

describe('reload', () => {
  it('reads the newest state, with pending changes on top', async () => {
    const world = await worldWith({ a: 1, n: 1, gone: 1 })
    await world.visit(async (session) => {
      session.increment('n')
      session.delete('gone')
      await world.visit((other) => void other.set('a', 2).set('n', 10).set('gone', 2))
      await session.reload()
      expect(session.toObject()).toEqual({ a: 2, n: 11 })
    })
    expect(await world.read()).toEqual({ a: 2, n: 11 })
  })

  it('goes past a cache', async () => {
    const fresh: unknown[] = []
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory, { load: (_next, _key, _now, options) => void fresh.push((options as { fresh?: boolean } | undefined)?.fresh) }))
    fresh.length = 0
    await world.visit((session) => session.reload())
    expect(fresh).toEqual([undefined, true])
  })

  it('keeps changes made in place', async () => {
    const world = await worldWith({ cart: [1] })
    await world.visit(async (session) => {
      session.get('cart').push(2)
      await session.reload()
      expect(session.get('cart')).toEqual([1, 2])
    })
    expect(await world.read()).toEqual({ cart: [1, 2] })
  })
})

describe('outside of requests', () => {
  it('create makes a session that save gives a row and an id', async () => {
    const world = new World()
    const session = world.sessions.create()
    session.set('a', 1)
    expect(session.id).toBeUndefined()
    await session.save()
    expect(await world.read(new Browser(`__Host-sid=${session.id}`))).toEqual({ a: 1 })
  })

  it('load opens the session of an id, to be saved by hand', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.sessions.load(world.browser.id as string)
    expect([session.get('a'), session.isNew]).toEqual([1, false])
    session.set('b', 2)
    await session.save()
    expect(await world.read()).toEqual({ a: 1, b: 2 })
  })

  it('load of an id that means nothing gives a new, empty session', async () => {
    const world = await worldWith({ a: 1 })
    for (const id of ['', 'junk', `${'A'.repeat(16)}.${'B'.repeat(32)}`]) {
      const session = await world.sessions.load(id)
      expect([session.size, session.isNew, session.id]).toEqual([0, true, undefined])
    }
  })

  it('load rejects with StoreError when the store fails', async () => {
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({ load: () => { throw new Error('down') } })
    expect((await rejection(world.sessions.load(world.browser.id as string))).code).toBe('ERR_SESSION_STORE')
  })

  it('of finds the session bound to a request, and names the missing middleware otherwise', async () => {
    const world = new World()
    const [request, session] = [{}, await world.open()]
    world.sessions.bind(request, session)
    expect(world.sessions.of(request)).toBe(session)
    const error = thrown(() => world.sessions.of({}))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toContain('middleware')
    expect(thrown(() => world.manager().of(request)).code).toBe('ERR_SESSION_CONFIG')
  })

  it('a session of another manager is refused', async () => {
    const world = new World()
    const session = await world.open()
    expect((await rejection(world.manager().commit(session, { status: 200 }))).code).toBe('ERR_SESSION_CONFIG')
  })

  it('close closes the store, and a second time does nothing', async () => {
    const world = new World()
    await world.sessions.close()
    await world.sessions.close()
  })
})

describe('lazy', () => {
  it('nothing is loaded before load; whatever tells of the state throws NotLoadedError with the line to add', async () => {
    const world = await worldWith({ a: 1, list: [] }, { lazy: true })
    const session = await world.open()
    expect(world.events).toEqual([])
    const readers = [
      () => session.get('a'), () => session.has('a'), () => session.delete('a'), () => session.pop('a'), () => session.setDefault('a', 1),
      () => session.update('a', () => 1), () => session.increment('a'), () => session.push('list', 1), () => session.userId, () => session.expiresAt,
      () => session.endsWithBrowser, () => session.isNew, () => session.flashed('x'), () => session.size, () => [...session], () => session.toObject(),
      () => session.data['a'], () => 'a' in session.data, () => JSON.stringify(session),
    ]
    for (const reader of readers) {
      const error = thrown(reader)
      expect(error, String(reader)).toBeInstanceOf(NotLoadedError)
      expect(error.message).toContain('await session.load()')
    }
    expect((await rejection(session.claim('a'))).code).toBe('ERR_SESSION_NOT_LOADED')
  })

  it('load reads it, once', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true })
    await world.visit(async (session) => {
      await session.load()
      await session.load()
      expect([session.get('a'), session.isNew]).toEqual([1, false])
    })
    expect(world.types()).toEqual(['loaded', 'untouched'])
  })

  it('a request that does nothing with it costs nothing at all', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).calls.length = 0
    await world.visit(() => undefined)
    expect((world.store as ScriptedStore).calls).toEqual([])
  })

  it('set, assign, clear, login, flash and cycleId work without; they are laid on the newest state', async () => {
    const world = await worldWith({ a: 1, b: 1 }, { lazy: true })
    await world.visit((session) => session.assign({ b: 2, c: 3 }))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3 })
    await world.visit((session) => session.login(7))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ a: 1, b: 2, c: 3, userId: 7 })
    await world.visit((session) => {
      session.clear()
      session.set('d', 4)
    })
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ d: 4 })
  })

  it('flush works without, and loads nothing', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).calls.length = 0
    const { headers } = await world.visit((session) => session.flush())
    expect([(await world.rows()).length, headers.getSetCookie().length]).toEqual([0, 1])
    expect((world.store as ScriptedStore).calls).toEqual(['delete'])
  })

  it('a login over another user’s session that was never loaded ends that one', async () => {
    const world = new World({ lazy: true })
    await world.visit((session) => {
      session.set('private', 1)
      session.login(1)
    })
    await world.visit((session) => session.login(2))
    expect((await world.sessions.load(world.browser.id as string)).toObject()).toEqual({ userId: 2 })
    expect((await world.rows()).length).toBe(1)
  })

  it('a write under an id that was just renewed is gone, loaded or not', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true })
    const old = world.browser.copy()
    await world.visit((session) => session.cycleId())
    expect((await rejection(world.visit((session) => void session.set('b', 1), { browser: old }))).code).toBe('ERR_SESSION_GONE')
  })

  it('without a cookie there is nothing to load: it reads as empty', async () => {
    const world = new World({ lazy: true })
    await world.visit(async (session) => {
      expect(session.get('a')).toBeUndefined()
      await session.load()
      session.set('a', 1)
    })
    expect((await world.rows()).length).toBe(1)
  })

  it('load rejects with StoreError when the store fails, and can be tried again', async () => {
    const world = await worldWith({ a: 1 }, { lazy: true }, (memory) => new ScriptedStore(memory))
    const session = await world.open()
    const store = world.store as ScriptedStore
    store.on({ load: () => { throw new Error('down') } })
    expect((await rejection(session.load())).code).toBe('ERR_SESSION_STORE')
    store.on({})
    await session.load()
    expect(session.get('a')).toBe(1)
  })
})
