import { describe, expect, it } from 'vitest'
import { csrfToken, verifyCsrfToken } from '../../src/csrf/csrf.ts'
import type { Session } from '../../src/index.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { appWith, catchError, MINUTE, TestApp } from '../core/fixture.ts'
import { Site } from '../django/site.ts'

/** The code of the error; `ok` without one. */
function outcome(session: Session<any>, token: unknown): string | undefined {
  try {
    verifyCsrfToken(session, token)
    return 'ok'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

const REFUSED = 'ERR_SESSION_CSRF'

describe('csrfToken', () => {
  it('is different at every call and in every request, and every one is valid', async () => {
    const app = await appWith({ cart: [1] }, { random: undefined as never })
    const session = await app.open()
    const tokens = [csrfToken(session), csrfToken(session), csrfToken(await app.open())]
    expect(new Set(tokens).size).toBe(3)
    for (const token of tokens) {
      expect(token).toMatch(/^[\w-]{86}$/)
      expect(outcome(await app.open(), token)).toBe('ok')
    }
  })

  it('is not what the browser or the table contains', async () => {
    const app = await appWith({ cart: [1] })
    const token = csrfToken(await app.open())
    const [key, entry] = await app.onlyRow()
    for (const text of [app.browser.id ?? '', key, entry.proof, ...(app.browser.id ?? '').split('.')]) expect(token).not.toContain(text)
  })

  it('is of one session, and ends with a login and a new id', async () => {
    const [app, other] = [await appWith({ cart: [1] }), await appWith({ cart: [1] })]
    const token = csrfToken(await app.open())
    expect(outcome(await other.open(), token)).toBe(REFUSED)
    await app.request((session) => session.login('ada'))
    expect(outcome(await app.open(), token)).toBe(REFUSED)
    const second = csrfToken(await app.open())
    await app.request((session) => session.cycleId())
    expect(outcome(await app.open(), second)).toBe(REFUSED)
  })

  it('of an id that a parallel login has overlapped is valid as long as the id', async () => {
    const app = await appWith({ cart: [1] })
    const [first, second] = [app.browser.copy(), app.browser.copy()]
    await app.request((session) => session.login('ada'), { browser: first })
    const token = csrfToken(await app.open(first))
    await app.request((session) => session.login('ada'), { browser: second })
    expect(outcome(await app.open(second), token)).toBe('ok')
    app.clock.advance(3 * MINUTE)
    await app.request((session) => session.get('cart'), { browser: second })
    expect(outcome(await app.open(second), token)).toBe(REFUSED)
  })

  it.each([undefined, null, '', 7, ['a'], {}, 'a'.repeat(86), `${'a'.repeat(85)}=`, 'a'.repeat(1000)])('is not %j', async (token) => {
    const app = await appWith({ cart: [1] })
    expect(outcome(await app.open(), token)).toBe(REFUSED)
  })

  it('does not exist without a session, for which nothing is stored or checked', async () => {
    const app = new TestApp()
    const { result, headers } = await app.request((session) => csrfToken(session))
    expect([result, headers.get('vary'), headers.getSetCookie(), await app.rows()]).toEqual(['', 'Cookie', [], []])
    expect(outcome(await app.open(), undefined)).toBe('ok')
  })

  it('stays the same for a session in a sealed cookie, whose text changes with every write', async () => {
    const app = new TestApp({ store: new CookieStore({ secrets: ['a secret of at least 32 characters'] }) })
    await app.request((session) => void session.set('cart', [1]))
    const token = csrfToken(await app.open())
    await app.request((session) => session.push('cart', 2))
    expect(outcome(await app.open(), token)).toBe('ok')
    await app.request((session) => session.login('ada'))
    expect(outcome(await app.open(), token)).toBe(REFUSED)
  })

  it('is refused for a session of Django, whose id is in the table', async () => {
    const site = new Site()
    await site.request((session) => session.set('cart', [1]))
    const session = await site.open()
    expect(catchError(() => csrfToken(session)).code).toBe('ERR_SESSION_CONFIG')
  })
})
