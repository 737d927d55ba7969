// Lifetimes are judged with today's options, also for sessions that were written with older ones.
import { describe, expect, it } from 'vitest'
import { appWith, catchRejection } from '../fixture.ts'

const MINUTE = 60_000
const DAY = 86_400_000

describe('a session written with longer lifetimes', () => {
  it('is absent once the shortened absolute lifetime is over, when it is only read', async () => {
    const app = await appWith({ cart: 1 })
    app.clock.advance(2 * DAY)
    const session = await app.open(app.browser, app.createManager({ absolute: '1d', idle: '1d' }))
    expect(session.has('cart')).toBe(false)
  })

  it('is absent once the shortened idle time is over', async () => {
    const app = await appWith({ cart: 1 })
    app.clock.advance(11 * MINUTE)
    const session = await app.open(app.browser, app.createManager({ idle: '10m' }))
    expect(session.has('cart')).toBe(false)
  })

  it('shows the earlier expiry', async () => {
    const app = await appWith({ cart: 1 })
    const session = await app.open(app.browser, app.createManager({ idle: '10m' }))
    expect(session.expiresAt).toBe(app.clock.read() + 10 * MINUTE)
  })

  it('stays alive after idle was shortened while it is used, also by requests that only read', async () => {
    const app = await appWith({ cart: 1 })
    const manager = app.createManager({ idle: '10m' })
    for (let minute = 0; minute < 60; minute++) {
      app.clock.advance(MINUTE)
      const session = await app.open(app.browser, manager)
      expect(session.get('cart')).toBe(1)
      await manager.commit(session, { status: 200 })
    }
  })

  it('is refused when it ends between the read and the write, and no expired row is stored', async () => {
    const app = await appWith({ cart: 1 })
    const manager = app.createManager({ idle: '10m' })
    const session = await app.open(app.browser, manager)
    session.set('cart', 2)
    app.clock.advance(11 * MINUTE)
    expect((await catchRejection(manager.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
    expect((await app.row()).payload).toContain('"cart":1')
  })

  it('is not stored when the date of setExpiry has passed by the time of the commit', async () => {
    const app = await appWith({ cart: 1 })
    const session = await app.open()
    session.setExpiry(new Date(app.clock.read() + MINUTE))
    app.clock.advance(2 * MINUTE)
    expect((await catchRejection(app.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
  })

  it('begins a new one with a login', async () => {
    const app = await appWith({ cart: 1 })
    app.clock.advance(2 * DAY)
    const manager = app.createManager({ absolute: '1d', idle: '1d' })
    const session = await app.open(app.browser, manager)
    session.login('ada')
    app.browser.applyCookies(await manager.commit(session, { status: 200 }))
    expect((await app.open(app.browser, manager)).userId).toBe('ada')
  })
})

describe('a row that is too large', () => {
  it('is kept, and its request is anonymous, with an event', async () => {
    const app = await appWith({ text: 'x'.repeat(50_000) })
    const manager = app.createManager({ maxSize: 10_000 })
    const session = await app.open(app.browser, manager)
    expect(session.has('text')).toBe(false)
    session.flush()
    await manager.commit(session, { status: 200 })
    expect(app.eventReasons('absent')).toEqual(['too-large'])
    expect(await app.rows()).toHaveLength(1)
  })
})
