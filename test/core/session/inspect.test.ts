import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { appWith, TestApp } from '../fixture.ts'
import { failBeforeEffect, ScriptedStore } from '../scripted-store.ts'

describe('util.inspect of a session', () => {
  it('prints state, handle and property names, and no value, id or reserved name', async () => {
    const app = await appWith({ cart: ['a secret'], theme: 'dark' })
    await app.request((session) => session.flash('notice', 'secret'))
    const session = await app.open()
    session.set('added', 'secret')
    session.delete('theme')
    const text = inspect(session)
    expect(text).toBe(`Session {"state":"live","handle":"${session.handle}","properties":["cart","added"]}`)
    expect(text).not.toContain('secret')
    expect(text).not.toContain(String(session.id))
    expect(inspect({ deep: { session } }, { depth: 5 })).toContain(text)
  })

  it('does not access the session, so the page needs no Vary and writes nothing', async () => {
    const app = await appWith({ a: 1 })
    const session = await app.open()
    inspect(session)
    expect(session.accessed).toBe(false)
    expect((await app.sessions.commit(session, { status: 200 })).has('Vary')).toBe(false)
  })

  it('prints one line for any names', async () => {
    const session = await new TestApp().open()
    session.set('a\nERROR forged', 1)
    expect(inspect(session)).toBe('Session {"state":"absent","properties":["a\\nERROR forged"]}')
  })

  it('does not throw where an access would', async () => {
    const lazy = await (await appWith({ a: 1 }, { lazy: true })).open()
    expect(inspect(lazy)).toBe('Session {"state":"unloaded","properties":[]}')
    const app = await appWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    ;(app.store as ScriptedStore).on({ load: failBeforeEffect })
    const failed = await app.open()
    expect(inspect(failed)).toBe('Session {"state":"failed","properties":[]}')
    expect(inspect(Object.getPrototypeOf(failed))).toBeTypeOf('string')
  })
})
