// A browser sends several cookies of one name after a change of `cookie.domain` or `path`, for a
// staging site below production, and when a sibling host has set one.
import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Browser, type TestApp } from '../fixture.ts'
import { appOn, type OpenStore, optionsOn, rowCount } from './stores.ts'

export const unknown = (letter: string): string => `${letter.repeat(16)}.${letter.repeat(32)}`

export function openWith(app: TestApp, ids: readonly (string | undefined)[]): Promise<Session<any>> {
  return app.sessions.open(incoming(ids.map((id) => `__Host-sid=${id}`).join('; ')))
}

/** Attacks with planted and left-over cookies. */
export function testSeveralCookies(open: OpenStore): void {
  /** An app in whose store a second browser has a session, with the ids of both. */
  async function appWithTwo(): Promise<{ app: TestApp; mine: string; other: string }> {
    const app = await appOn(open, { cart: 'mine' })
    const second = new Browser()
    await app.request((session) => void session.set('cart', 'other'), { browser: second })
    app.clearEvents()
    return { app, mine: String(app.browser.id), other: String(second.id) }
  }

  describe('a request with several cookies of the session name', () => {
    it.each([1, 2, 3])('has the one session that is active, after %i dead ids and before another', async (count) => {
      const app = await appOn(open, { cart: 'mine' })
      const dead = ['A', 'B', 'C'].slice(0, count).map(unknown)
      const cookies = count === 3 ? [...dead, app.browser.id] : [...dead, app.browser.id, unknown('D')]
      expect((await openWith(app, cookies)).get('cart')).toBe('mine')
    })

    it('has it with the option lazy too, once it is loaded', async () => {
      const app = await appOn(open, { cart: 'mine' })
      const lazy = app.createManager({ ...optionsOn(app.store), lazy: true })
      const session = await lazy.open(incoming(`__Host-sid=${unknown('A')}; __Host-sid=${app.browser.id}`))
      await session.load()
      expect(session.get('cart')).toBe('mine')
    })

    it('has the session of the newest id when both ids of one session are sent', async () => {
      const app = await appOn(open, { cart: 'mine' })
      const before = app.browser.id
      await app.request((session) => session.cycleId())
      app.clock.advance(3_600_000)
      expect((await openWith(app, [before, app.browser.id])).get('cart')).toBe('mine')
    })

    it('has none when several are active, and says so', async () => {
      const { app, mine, other } = await appWithTwo()
      const session = await openWith(app, [mine, other])
      expect([session.isNew, session.get('cart')]).toEqual([true, undefined])
      expect(app.eventReasons('absent')).toEqual(['two-cookies'])
    })

    it('ends all that are active with a logout', async () => {
      const { app, mine, other } = await appWithTwo()
      const session = await openWith(app, [other, unknown('A'), mine])
      session.logout()
      const headers = await app.sessions.commit(session, { status: 200 })
      expect(headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-sid=;/)])
      expect(await rowCount(app)).toBe(0)
    })

    it('is logged in after a login, with a planted cookie next to the new one', async () => {
      const { app, mine, other } = await appWithTwo()
      const session = await openWith(app, [other, mine])
      session.set('cart', 'new')
      session.login('ada')
      const headers = await app.sessions.commit(session, { status: 200 })
      const id = /^__Host-sid=([^;]+)/.exec(headers.getSetCookie()[0] ?? '')?.[1]
      const next = await openWith(app, [other, id])
      expect([next.userId, next.get('cart')]).toEqual(['ada', 'new'])
    })

    it('ends nothing with an id that was replaced long ago and an invented one', async () => {
      const app = await appOn(open, { cart: 'mine' })
      const before = String(app.browser.id)
      await app.request((session) => session.cycleId())
      app.clock.advance(600_000)
      const session = await openWith(app, [before, `${before.slice(0, 16)}.${'Z'.repeat(32)}`])
      session.flush()
      await app.sessions.commit(session, { status: 200 })
      expect(await app.read()).toEqual({ cart: 'mine' })
    })

    it('is refused with 409 as with one cookie when its id was replaced a moment ago', async () => {
      const app = await appOn(open, { cart: 'mine' })
      const before = app.browser.id
      await app.request((session) => session.cycleId())
      const session = await openWith(app, [unknown('A'), before])
      session.set('cart', 'late')
      await expect(app.sessions.commit(session, { status: 200 })).rejects.toMatchObject({ code: 'ERR_SESSION_ENDED' })
    })
  })
}
