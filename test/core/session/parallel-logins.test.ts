// The tests that run on every store are in test/core/attacks/parallel-logins.ts.
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/core/base/errors.ts'
import { doubleClick } from '../attacks/parallel-logins.ts'
import { appWith, HOUR } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

describe('the ids of parallel logins after two minutes', () => {
  it('a store that fails does not fail the request, and the next one ends the overlap', async () => {
    const app = await appWith({ cart: [1] }, {}, (memory) => new ScriptedStore(memory))
    const { first, second } = await doubleClick(app)
    app.clock.advance(HOUR)
    const scripted = app.store as ScriptedStore
    scripted.on({ replace: () => Promise.reject(new StoreError('replace', 'refused', { applied: false })) })
    expect((await app.request((session) => session.userId, { browser: first })).result).toBe('ada')
    expect(app.eventReasons('commit-failed')).toEqual(['ERR_SESSION_STORE'])
    scripted.on({})
    await app.request((session) => session.userId, { browser: first })
    expect(await app.read(second)).toEqual({})
  })
})
