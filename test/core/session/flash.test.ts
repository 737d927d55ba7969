import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TestApp as App, appWith, Browser, catchError, type TestApp } from '../fixture.ts'

const SAVED = { text: 'saved' }

/** Creates an app whose session has a flash message. */
async function appWithNotice(): Promise<TestApp> {
  const app = await appWith({ a: 1 })
  await app.request((session) => session.flash('notice', SAVED))
  app.clearEvents()
  return app
}

/** Reads the messages of a key in a new request. */
async function readFlashes(app: TestApp, key = 'notice'): Promise<unknown[]> {
  return (await app.request((session) => session.flashed(key))).result
}

describe('flash', () => {
  it('is not visible in the request that sets it, and is readable once in a later one', async () => {
    const app = new App()
    await app.request((session) => {
      session.flash('notice', SAVED)
      expect(session.flashed('notice')).toEqual([])
    })
    await app.request((session) => {
      expect(session.flashed('notice')).toEqual([SAVED])
      expect(session.flashed('notice')).toEqual([])
    })
    expect(await readFlashes(app)).toEqual([])
    expect((await app.row()).payload).toBe('{}')
  })

  it('is kept until it is read', async () => {
    const app = await appWithNotice()
    await app.request((session) => session.get('a'))
    await app.request((session) => void session.set('b', 1))
    expect(await readFlashes(app)).toEqual([SAVED])
  })

  it('collects the messages of one key, oldest first, equal ones too', async () => {
    const app = new App()
    await app.request((session) => {
      session.flash('notice', 1)
      session.flash('other', 'else')
      session.flash('notice', 2)
    })
    await app.request((session) => session.flash('notice', 1))
    await app.request((session) => expect([session.flashed('notice'), session.flashed('other')]).toEqual([[1, 2, 1], ['else']]))
    expect(await readFlashes(app)).toEqual([])
  })

  it('collects the messages of two tabs', async () => {
    const app = await appWith({ a: 1 })
    const [first, second] = [await app.open(), await app.open()]
    first.flash('notice', 'of the first')
    second.flash('notice', 'of the second')
    await app.sessions.commit(second, { status: 200 })
    await app.sessions.commit(first, { status: 200 })
    expect(await readFlashes(app)).toEqual(['of the second', 'of the first'])
    expect(app.eventTypes()).not.toContain('overwritten')
  })

  it.each(['', 'a.b', '.', '__proto__', 'notice.'])('separates the key %j from all others', async (key) => {
    const app = new App()
    const others = ['notice', 'a', 'b', 'a.b.c', '..', ' '].filter((each) => each !== key)
    await app.request((session) => {
      for (const each of [key, ...others]) session.flash(each, each)
    })
    expect(await readFlashes(app, key)).toEqual([key])
    for (const each of others) expect(await readFlashes(app, each)).toEqual([each])
  })

  it('rejects a value that cannot be stored, and a key that is not a string', async () => {
    const session = await new App().open()
    expect(() => session.flash('notice', undefined)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CODEC' }))
    for (const key of [undefined, ['a'], { toString: 1 }] as never[]) {
      expect(catchError(() => session.flash(key, 1)).code).toBe('ERR_SESSION_CODEC')
      expect(session.flashed(key)).toEqual([])
    }
  })
})

describe('flashed', () => {
  it('keeps a newer message that another request set in between, also with the same text', async () => {
    for (const newer of ['newer', SAVED]) {
      const app = await appWithNotice()
      const session = await app.open()
      expect(session.flashed('notice')).toEqual([SAVED])
      await app.request((other) => other.flash('notice', newer))
      await app.sessions.commit(session, { status: 200 })
      expect(await readFlashes(app)).toEqual([newer])
    }
  })

  it('returns the old message and keeps the new one if the request also sets it', async () => {
    for (const order of ['read first', 'set first']) {
      const app = await appWithNotice()
      await app.request((session) => {
        if (order === 'set first') session.flash('notice', SAVED)
        expect(session.flashed('notice')).toEqual([SAVED])
        if (order === 'read first') session.flash('notice', SAVED)
      })
      expect(await readFlashes(app)).toEqual([SAVED])
    }
  })

  it('removes a message that two tabs read, and no equal one that came between', async () => {
    const app = await appWithNotice()
    const [first, second] = [await app.open(), await app.open()]
    expect([first.flashed('notice'), second.flashed('notice')]).toEqual([[SAVED], [SAVED]])
    await app.sessions.commit(first, { status: 200 })
    await app.request((other) => other.flash('notice', SAVED))
    await app.sessions.commit(second, { status: 200 })
    expect(await readFlashes(app)).toEqual([SAVED])
    expect(await readFlashes(app)).toEqual([])
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

  it('returns nothing after clear or flush, also after save', async () => {
    for (const end of ['clear', 'flush'] as const) {
      const app = await appWithNotice()
      await app.request(async (session) => {
        session[end]()
        expect(session.flashed('notice')).toEqual([])
        await session.save()
        expect(session.flashed('notice')).toEqual([])
      })
    }
  })

  it('keeps the message if the request fails', async () => {
    const app = await appWithNotice()
    await app.request((session) => session.flashed('notice'), { status: 500 })
    expect(await readFlashes(app)).toEqual([SAVED])
  })

  it('returns each message to one of the requests that do not overlap, in any order of commits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('flash', 'read', 'commit'), { maxLength: 30 }), async (steps) => {
        const app = await appWith({ a: 1 })
        const shown: unknown[] = []
        const open = []
        let count = 0
        for (const step of steps) {
          if (step === 'read') shown.push(...(await readFlashes(app)))
          else if (step === 'commit') {
            const [oldest] = open.splice(0, 1)
            if (oldest !== undefined) await app.sessions.commit(oldest, { status: 200 })
          } else {
            const session = await app.open(new Browser(app.browser.cookie))
            session.flash('notice', (count += 1))
            open.push(session)
          }
        }
        for (const session of open) await app.sessions.commit(session, { status: 200 })
        shown.push(...(await readFlashes(app)))
        expect(shown).toEqual(Array.from({ length: count }, (_, index) => index + 1))
      }),
      { numRuns: 50 },
    )
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
    expect(await readFlashes(app)).toEqual([SAVED])
  })

  it('restores a message that save has already removed', async () => {
    const app = await appWithNotice()
    await app.request(async (session) => {
      session.flashed('notice')
      await session.save()
      session.reflash()
    })
    expect(await readFlashes(app)).toEqual([SAVED])
  })

  it('keeps them in front of a newer message', async () => {
    const app = await appWithNotice()
    await app.request((session) => session.flash('notice', 'second'))
    await app.request((session) => {
      session.flashed('notice')
      session.flash('notice', 'newer')
      session.reflash()
    })
    expect(await readFlashes(app)).toEqual([SAVED, 'second', 'newer'])
  })

  it('returns them again to this request', async () => {
    const app = await appWithNotice()
    await app.request((session) => {
      session.flashed('notice')
      session.reflash()
      expect(session.flashed('notice')).toEqual([SAVED])
    })
    expect(await readFlashes(app)).toEqual([])
  })

  it('changes nothing if no message was read', async () => {
    const app = await appWithNotice()
    const { session } = await app.request((session) => session.reflash())
    expect(session.modified).toBe(false)
    expect(await readFlashes(app)).toEqual([SAVED])
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
