import { describe, expect, it } from 'vitest'
import { World, worldWith } from '../fixture.ts'

/** A world whose browser has a message waiting. */
async function withNotice(): Promise<World> {
  const world = await worldWith({ a: 1 })
  await world.visit((session) => session.flash('notice', { text: 'saved' }))
  world.forgetEvents()
  return world
}

describe('flash', () => {
  it('is not visible in the request that set it, and is in the next, once', async () => {
    const world = new World()
    await world.visit((session) => {
      session.flash('notice', { text: 'saved' })
      expect(session.flashed('notice')).toBeUndefined()
    })
    await world.visit((session) => {
      expect(session.flashed('notice')).toEqual({ text: 'saved' })
      expect(session.flashed('notice')).toBeUndefined()
    })
    await world.visit((session) => expect(session.flashed('notice')).toBeUndefined())
    expect((await world.row()).payload).toBe('{}')
  })

  it('that nobody reads waits', async () => {
    const world = await withNotice()
    await world.visit((session) => session.get('a'))
    await world.visit((session) => void session.set('b', 1))
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('is a property of its own: the row has _flash.notice', async () => {
    const world = await withNotice()
    expect(JSON.parse((await world.row()).payload)).toEqual({ a: 1, '_flash.notice': { text: 'saved' } })
  })

  it('of one name is replaced by a newer one; of other names is not', async () => {
    const world = new World()
    await world.visit((session) => {
      session.flash('notice', 1)
      session.flash('notice', 2)
      session.flash('other', 3)
    })
    await world.visit((session) => expect([session.flashed('notice'), session.flashed('other')]).toEqual([2, 3]))
  })

  it('refuses what cannot be stored', async () => {
    const session = await new World().open()
    expect(() => session.flash('notice', undefined)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC' }))
  })
})

describe('reading a flash', () => {
  it('leaves alone what another request put in its place meanwhile', async () => {
    const world = await withNotice()
    const session = await world.open()
    expect(session.flashed('notice')).toEqual({ text: 'saved' })
    await world.visit((other) => other.flash('notice', 'newer'))
    await world.sessions.commit(session, { status: 200 })
    await world.visit((next) => expect(next.flashed('notice')).toBe('newer'))
  })

  it('and setting it anew in one request: the old is read, the new waits', async () => {
    for (const order of ['read first', 'set first']) {
      const world = await withNotice()
      await world.visit((session) => {
        if (order === 'set first') session.flash('notice', 'new')
        expect(session.flashed('notice')).toEqual({ text: 'saved' })
        if (order === 'read first') session.flash('notice', 'new')
      })
      await world.visit((session) => expect(session.flashed('notice')).toBe('new'))
    }
  })

  it('the same text set anew is a new flash', async () => {
    const world = await withNotice()
    await world.visit((session) => {
      session.flash('notice', { text: 'saved' })
      expect(session.flashed('notice')).toEqual({ text: 'saved' })
    })
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('alone never raises SessionEndedError', async () => {
    const world = await withNotice()
    const session = await world.open()
    session.flashed('notice')
    await world.visit((other) => other.flush())
    await world.sessions.commit(session, { status: 200 })
    expect((await world.rows()).length).toBe(0)
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('together with a change does', async () => {
    const world = await withNotice()
    const session = await world.open()
    session.flashed('notice')
    session.set('b', 1)
    await world.visit((other) => other.flush())
    await expect(world.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
  })

  it('by two requests at once shows it to both, and is no conflict', async () => {
    const world = await withNotice()
    const [first, second] = [await world.open(), await world.open()]
    expect([first.flashed('notice'), second.flashed('notice')]).toEqual([{ text: 'saved' }, { text: 'saved' }])
    await world.sessions.commit(first, { status: 200 })
    await world.sessions.commit(second, { status: 200 })
    expect(await world.read()).toEqual({ a: 1 })
  })

  it('after clear or flush answers nothing, saved or not', async () => {
    for (const end of ['clear', 'flush'] as const) {
      const world = await withNotice()
      await world.visit(async (session) => {
        session[end]()
        expect(session.flashed('notice')).toBeUndefined()
        await session.save()
        expect(session.flashed('notice')).toBeUndefined()
      })
    }
  })

  it('in a request that fails keeps it for the next', async () => {
    const world = await withNotice()
    await world.visit((session) => session.flashed('notice'), { status: 500 })
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })
})

describe('reflash', () => {
  it('puts back what this request read, and writes nothing by that', async () => {
    const world = await withNotice()
    const before = await world.row()
    await world.visit((session) => {
      session.flashed('notice')
      session.reflash()
    })
    expect(await world.row()).toEqual(before)
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('puts back what a save has taken away already', async () => {
    const world = await withNotice()
    await world.visit(async (session) => {
      session.flashed('notice')
      await session.save()
      session.reflash()
    })
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('does not put it over a newer one', async () => {
    const world = await withNotice()
    await world.visit((session) => {
      session.flashed('notice')
      session.flash('notice', 'newer')
      session.reflash()
    })
    await world.visit((session) => expect(session.flashed('notice')).toBe('newer'))
  })

  it('of nothing changes nothing', async () => {
    const world = await withNotice()
    const { session } = await world.visit((session) => session.reflash())
    expect(session.modified).toBe(false)
    await world.visit((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('does not carry a flash over a flush', async () => {
    const world = await withNotice()
    await world.visit((session) => {
      session.flashed('notice')
      session.flush()
      session.reflash()
    })
    expect((await world.rows()).length).toBe(0)
  })
})
