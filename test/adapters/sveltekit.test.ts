import { describe, expect, it } from 'vitest'
import { type SvelteKitEvent, session } from '../../src/adapters/sveltekit.ts'
import { createSessions, type Session, type SessionOptions, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { endAndChange, streamedPage, visitorWithCart } from './visitor.ts'

interface Fixture {
  readonly sessions: Sessions
  readonly cookie: string
  /** Sends a request with the cookie through the handle. */
  request(
    resolve: (session: Session) => Response | Promise<Response>,
    init?: { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Response>
}

async function start(options: Partial<SessionOptions> = {}, error?: (status: number, message: string) => never): Promise<Fixture> {
  const sessions = createSessions({ store: new MemoryStore(), ...options })
  const cookie = await visitorWithCart(sessions)
  const handle = session(sessions, error === undefined ? {} : { error })
  return {
    sessions,
    cookie,
    request(resolve, init = { headers: {} }) {
      const request = new Request('https://shop.example/', { headers: { ...init.headers, cookie } })
      const event: SvelteKitEvent = { request, locals: {}, isSubRequest: false }
      return handle({ event, resolve: ({ locals }) => resolve((locals as { readonly session: Session }).session) })
    },
  }
}

describe('the handle of SvelteKit', () => {
  it('commits what is changed while the page streams, with saveOnEnd', async () => {
    const { request } = await start({ saveOnEnd: true })
    const page = await request(streamedPage)
    expect(await page.text()).toBe('page')
    expect(await (await request((session) => Response.json(session))).json()).toEqual({ cart: ['bread'], read: true })
  })

  it('responds with a sentence when the commit failed', async () => {
    const fixture = await start()
    const page = await fixture.request((session) => endAndChange(fixture, session))
    expect([page.status, await page.text()]).toEqual([409, 'Your session ended. Please reload the page.'])
  })

  it('throws the error that SvelteKit makes a page of, if it was given `error`', async () => {
    const fixture = await start({}, (status) => {
      throw new RangeError(String(status))
    })
    await expect(fixture.request((session) => endAndChange(fixture, session))).rejects.toThrow('409')
  })

  it('responds to a form of `use:enhance` with what its client expects', async () => {
    const fixture = await start()
    const page = await fixture.request((session) => endAndChange(fixture, session), { headers: { 'x-sveltekit-action': 'true' } })
    expect([page.status, await page.json()]).toEqual([
      409,
      { type: 'error', error: { status: 409, message: 'Your session ended. Please reload the page.' } },
    ])
  })
})
