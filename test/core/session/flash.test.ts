import { describe, expect, it } from 'vitest'
import { appWith, TestApp } from '../fixture.ts'

/** Creates an app whose session has a flash message. */
async function appWithNotice(): Promise<TestApp> {
  const app = await appWith({ a: 1 })
  await app.request((session) => session.flash('notice', { text: 'saved' }))
  app.clearEvents()
  return app
}

describe('flash', () => {
  it('is not visible in the request that sets it, and is readable once in a later one', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.flash('notice', { text: 'saved' })
      expect(session.flashed('notice')).toBeUndefined()
    })
    await app.request((session) => {
      expect(session.flashed('notice')).toEqual({ text: 'saved' })
      expect(session.flashed('notice')).toBeUndefined()
    })
    await app.request((session) => expect(session.flashed('notice')).toBeUndefined())
    expect((await app.row()).payload).toBe('{}')
  })

  it('is kept until it is read', async () => {
    const app = await appWithNotice()
    await app.request((session) => session.get('a'))
    await app.request((session) => void session.set('b', 1))
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('is stored as the property _flash.notice', async () => {
    const app = await appWithNotice()
    expect(JSON.parse((await app.row()).payload)).toEqual({ a: 1, '_flash.notice': { text: 'saved' } })
  })

  it('is replaced by a newer one of the same name only', async () => {
    const app = new TestApp()
    await app.request((session) => {
      session.flash('notice', 1)
      session.flash('notice', 2)
      session.flash('other', 3)
    })
    await app.request((session) => expect([session.flashed('notice'), session.flashed('other')]).toEqual([2, 3]))
  })

  it('rejects a value that cannot be stored', async () => {
    const session = await new TestApp().open()
    expect(() => session.flash('notice', undefined)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC' }))
  })
})

describe('flashed', () => {
  it('keeps a newer message that another request set in between', async () => {
    const app = await appWithNotice()
    const session = await app.open()
    expect(session.flashed('notice')).toEqual({ text: 'saved' })
    await app.request((other) => other.flash('notice', 'newer'))
    await app.sessions.commit(session, { status: 200 })
    await app.request((next) => expect(next.flashed('notice')).toBe('newer'))
  })

  it('returns the old message and keeps the new one if the request also sets it', async () => {
    for (const order of ['read first', 'set first']) {
      const app = await appWithNotice()
      await app.request((session) => {
        if (order === 'set first') session.flash('notice', 'new')
        expect(session.flashed('notice')).toEqual({ text: 'saved' })
        if (order === 'read first') session.flash('notice', 'new')
      })
      await app.request((session) => expect(session.flashed('notice')).toBe('new'))
    }
  })

  it('keeps a new message with the same text', async () => {
    const app = await appWithNotice()
    await app.request((session) => {
      session.flash('notice', { text: 'saved' })
      expect(session.flashed('notice')).toEqual({ text: 'saved' })
    })
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('alone never causes SessionEndedError', async () => {
    const app = await appWithNotice()
    const session = await app.open()
    session.flashed('notice')
    await app.request((other) => other.flush())
    await app.sessions.commit(session, { status: 200 })
    expect((await app.rows()).length).toBe(0)
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'found-ended', outcome: 'discarded' }))
  })

  it('causes SessionEndedError together with a change', async () => {
    const app = await appWithNotice()
    const session = await app.open()
    session.flashed('notice')
    session.set('b', 1)
    await app.request((other) => other.flush())
    await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
  })

  it('returns the message to two concurrent requests without a conflict', async () => {
    const app = await appWithNotice()
    const [first, second] = [await app.open(), await app.open()]
    expect([first.flashed('notice'), second.flashed('notice')]).toEqual([{ text: 'saved' }, { text: 'saved' }])
    await app.sessions.commit(first, { status: 200 })
    await app.sessions.commit(second, { status: 200 })
    expect(await app.read()).toEqual({ a: 1 })
  })

  it('returns undefined after clear or flush, also after save', async () => {
    for (const end of ['clear', 'flush'] as const) {
      const app = await appWithNotice()
      await app.request(async (session) => {
        session[end]()
        expect(session.flashed('notice')).toBeUndefined()
        await session.save()
        expect(session.flashed('notice')).toBeUndefined()
      })
    }
  })

  it('keeps the message if the request fails', async () => {
    const app = await appWithNotice()
    await app.request((session) => session.flashed('notice'), { status: 500 })
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })
})

describe('reflash', () => {
  it('restores the messages this request read, without a write', async () => {
    const app = await appWithNotice()
    const before = await app.row()
    await app.request((session) => {
      session.flashed('notice')
      session.reflash()
    })
    expect(await app.row()).toEqual(before)
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('restores a message that save has already removed', async () => {
    const app = await appWithNotice()
    await app.request(async (session) => {
      session.flashed('notice')
      await session.save()
      session.reflash()
    })
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('does not replace a newer message', async () => {
    const app = await appWithNotice()
    await app.request((session) => {
      session.flashed('notice')
      session.flash('notice', 'newer')
      session.reflash()
    })
    await app.request((session) => expect(session.flashed('notice')).toBe('newer'))
  })

  it('changes nothing if no message was read', async () => {
    const app = await appWithNotice()
    const { session } = await app.request((session) => session.reflash())
    expect(session.modified).toBe(false)
    await app.request((session) => expect(session.flashed('notice')).toEqual({ text: 'saved' }))
  })

  it('does not keep a message over a flush', async () => {
    const app = await appWithNotice()
    await app.request((session) => {
      session.flashed('notice')
      session.flush()
      session.reflash()
    })
    expect((await app.rows()).length).toBe(0)
  })
})
