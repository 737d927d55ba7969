// The tests that run on every store are in test/core/attacks/several-cookies.ts.
import { describe, expect, it } from 'vitest'
import { openWith, unknown } from '../attacks/several-cookies.ts'
import { appWith, catchError } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('a request with several cookies of the session name', () => {
  it('loads nothing when there are more than four ids', async () => {
    const app = await appWith({ cart: 'mine' }, {}, (memory) => new ScriptedStore(memory))
    const { calls } = app.store as ScriptedStore
    calls.length = 0
    const session = await openWith(app, [...['A', 'B', 'C', 'D'].map(unknown), app.browser.id])
    expect([session.has('cart'), calls, app.eventReasons('absent')]).toEqual([false, [], ['two-cookies']])
  })

  it('fails when one of them cannot be read, and is not taken for anonymous', async () => {
    const app = await appWith({ cart: 'mine' }, {}, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).on({ load: () => Promise.reject(new Error('down')) })
    const session = await openWith(app, [unknown('A'), app.browser.id])
    expect(catchError(() => session.get('cart')).code).toBe('ERR_SESSION_STORE')
  })
})
