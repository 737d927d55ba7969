import { describe, expect, it } from 'vitest'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { CommitOutcome, SessionProfile } from '../../../src/core/config/profile.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, Browser, catchRejection, DAY, HOUR, type TestApp } from '../fixture.ts'
import { failBeforeEffect, ScriptedStore } from '../scripted-store.ts'

type Seen = Pick<CommitOutcome, 'change' | 'isCurrent'>
type Session = Awaited<ReturnType<Sessions<any>['open']>>

/** A second manager of the app's sessions, with a profile that records the outcomes. */
function recorder(app: TestApp, issues: SessionProfile['issues'] = ownProfile.issues, options: Partial<SessionOptions> = {}) {
  const seen: Seen[] = []
  const profile: SessionProfile = {
    ...ownProfile,
    issues(outcome, context) {
      seen.push({ change: outcome.change, isCurrent: outcome.isCurrent })
      return issues.call(profile, outcome, context)
    },
  }
  const sessions = new Sessions<any>(
    { store: app.store, clock: app.clock.read, onEvent: (event) => app.events.push(event), ...options },
    profile,
  )
  async function visit(handler: (session: Session) => unknown, browser: Browser = app.browser, status = 200): Promise<string[]> {
    const session = await sessions.open(incoming(browser.cookie))
    await handler(session)
    const headers = await sessions.commit(session, { status })
    browser.applyCookies(headers)
    return headers.getSetCookie()
  }
  return { seen, visit, sessions }
}

describe('the outcome of a commit that the profile gets', () => {
  const current = (change: CommitOutcome['change']): Seen => ({ change, isCurrent: true })
  const unproven = (change: CommitOutcome['change']): Seen => ({ change, isCurrent: false })

  it.each<[string, (session: Session) => unknown, readonly Seen[]]>([
    ['unchanged: the request only read', (session) => session.get('a'), [unproven('unchanged')]],
    ['written', (session) => session.set('a', 2), [current('written')]],
    ['a new id', (session) => session.cycleId(), [current('new-id')]],
    ['a login', (session) => session.login(1), [current('new-id')]],
    ['ended by a flush', (session) => session.flush(), [unproven('ended')]],
    ['ended, and another one created', flushAndSet, [unproven('ended'), current('created')]],
    ['a claim that took the value', (session) => session.claim('a'), [current('written'), unproven('unchanged')]],
    ['a claim that found none', (session) => session.claim('b'), [unproven('unchanged')]],
  ])('%s', async (_name, handler, expected) => {
    const { seen, visit } = recorder(await appWith({ a: 1 }))
    await visit(handler)
    expect(seen).toEqual(expected)
  })

  it('touched, or unchanged if the touch was refused or failed', async () => {
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    const { seen, visit } = recorder(app)
    const read = (session: Session): unknown => session.get('a')
    app.clock.advance(DAY)
    await visit(read)
    app.clock.advance(DAY)
    await visit(async (session) => {
      read(session)
      await app.request((other) => other.set('b', 1), { browser: app.browser.copy() })
    })
    app.clock.advance(DAY)
    ;(app.store as ScriptedStore).on({ touch: failBeforeEffect })
    await visit(read)
    expect(seen).toEqual([current('touched'), unproven('unchanged'), unproven('unchanged')])
    expect(app.eventReasons('touch-refused')).toEqual(['changed-concurrently', 'store-error'])
  })

  it('ended, if another request ended the session', async () => {
    const app = await appWith({ a: 1 })
    const { seen, visit } = recorder(app)
    const commit = visit(async (session) => {
      session.set('a', 2)
      await app.request((other) => other.flush(), { browser: app.browser.copy() })
    })
    expect((await catchRejection(commit)).code).toBe('ERR_SESSION_ENDED')
    expect(seen).toEqual([unproven('ended')])
  })

  it('none for a request without a session', async () => {
    const { seen, visit } = recorder(await appWith({ a: 1 }))
    await visit(() => undefined, new Browser())
    expect(seen).toEqual([])
  })
})

describe('a profile', () => {
  it('can send the cookie again whenever its id was proved to be current, with attributes of the session', async () => {
    const app = await appWith({ a: 1 })
    const rolling: SessionProfile['issues'] = ({ isCurrent, texts }) =>
      isCurrent ? { lifetime: HOUR, attributes: { path: JSON.parse(texts().get('path') ?? '"/"'), sameSite: 'strict' } } : undefined
    const { visit } = recorder(app, rolling, { clock: app.clock.read })
    const [written] = await visit((session) => session.set('path', '/admin'))
    expect(written).toMatch(/^__Host-sid=[^;]+; Max-Age=3600; Path=\/admin; HttpOnly; Secure; SameSite=Strict$/)
    expect(await visit((session) => session.get('a'))).toEqual([])
    app.clock.advance(DAY)
    expect(await visit((session) => session.get('a'))).toHaveLength(1)
  })

  it('can delete the cookie of a session that ended elsewhere', async () => {
    const app = await appWith({ a: 1 })
    const { visit } = recorder(app, ({ change }) => (change === 'ended' ? 'clear' : undefined), { whenEnded: 'discard' })
    const cookies = await visit(async (session) => {
      session.set('a', 2)
      await app.request((other) => other.flush(), { browser: app.browser.copy() })
    })
    expect(cookies).toEqual([expect.stringMatching(/^__Host-sid=; .*1970/)])
    expect(app.eventReasons('cookie-deleted')).toContain('ended')
  })
})

function flushAndSet(session: Session): void {
  session.flush()
  session.set('b', 1)
}
