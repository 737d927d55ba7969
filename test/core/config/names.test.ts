import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { isInternal } from '../../../src/core/base/reserved.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { PropertyNames, SessionProfile } from '../../../src/core/config/profile.ts'
import { Sessions } from '../../../src/core/manager/sessions.ts'
import { draftOf } from '../../../src/core/session/dictionary.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'
import { Browser, catchError } from '../fixture.ts'

/** Names as a profile has them whose applications own `userId` and names with an underscore. */
const names: PropertyNames = { user: '~user', isReserved: (name) => name.startsWith('~') || isInternal(name) }
const profile: SessionProfile = { ...ownProfile, names }

describe('the names of a profile', () => {
  it('leave userId and names with an underscore to the application', async () => {
    const { sessions, visit } = application()
    await visit((session) => session.assign({ userId: 'mine', _csrf: 'token', _lastUser: 'mine too' }))
    const session = await sessions.open(incoming(await visit(() => undefined)))
    expect([...session.entries()]).toEqual([
      ['userId', 'mine'],
      ['_csrf', 'token'],
      ['_lastUser', 'mine too'],
    ])
    expect(session.userId).toBeUndefined()
  })

  it('name the user of a login, by whom the session is found', async () => {
    const { sessions, visit } = application()
    await visit((session) => session.login(7))
    await visit((session) => expect([session.userId, [...session.keys()]]).toEqual([7, []]))
    expect(await sessions.users.list(7)).toHaveLength(1)
  })

  it('without `lastUser` keep the data of a removed user at the next login', async () => {
    const { visit } = application()
    await visit((session) => session.set('cart', 1).login(7))
    await visit((session) => draftOf(session).openForWrite().record({ kind: 'remove', name: names.user }))
    await visit((session) => session.login(8))
    await visit((session) => expect([session.userId, [...session.keys()]]).toEqual([8, ['cart']]))
  })

  it.each(['~user', '_expiry', '_browser', '_login', '_from', '_others', '_flash.x.notice'])('reserve %s', async (name) => {
    const { visit } = application()
    await visit((session) => {
      expect(catchError(() => session.set(name, 1)).code).toBe('ERR_SESSION_CODEC')
      expect(session.get(name)).toBeUndefined()
    })
  })

  it('decide which names may have a schema', () => {
    const make = (name: string): Sessions => new Sessions({ store: new MemoryStore(), schema: { [name]: z.string() } }, profile)
    expect(() => make('_csrf')).not.toThrow()
    expect(catchError(() => make('~user')).code).toBe('ERR_SESSION_CONFIG')
  })
})

function application() {
  const sessions = new Sessions<any>({ store: new MemoryStore() }, profile)
  const browser = new Browser()
  async function visit(handler: (session: Awaited<ReturnType<typeof sessions.open>>) => unknown) {
    const session = await sessions.open(incoming(browser.cookie))
    await handler(session)
    browser.applyCookies(await sessions.commit(session, { status: 200 }))
    return browser.cookie
  }
  return { sessions, visit }
}
