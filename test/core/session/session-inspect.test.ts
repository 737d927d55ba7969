import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { World, worldWith } from '../fixture.ts'
import { lostRequest, ScriptedStore } from '../scripted-store.ts'

describe('a session that is printed', () => {
  it('tells how it stands, its handle and the names of its properties, and no value, no id, nothing reserved', async () => {
    const world = await worldWith({ cart: ['a secret'], theme: 'dark' })
    await world.visit((session) => session.flash('notice', 'secret'))
    const session = await world.open()
    session.set('added', 'secret')
    session.delete('theme')
    const text = inspect(session)
    expect(text).toBe(`Session {"state":"live","handle":"${session.handle}","properties":["cart","added"]}`)
    expect(text).not.toContain('secret')
    expect(text).not.toContain(String(session.id))
    expect(inspect({ deep: { session } }, { depth: 5 })).toContain(text)
  })

  it('is not used by that: a page that only prints it needs no `Vary`, and writes nothing', async () => {
    const world = await worldWith({ a: 1 })
    const session = await world.open()
    inspect(session)
    expect(session.accessed).toBe(false)
    expect((await world.sessions.commit(session, { status: 200 })).has('Vary')).toBe(false)
  })

  it('keeps to one line whatever the names are', async () => {
    const session = await new World().open()
    session.set('a\nERROR forged', 1)
    expect(inspect(session)).toBe('Session {"state":"absent","properties":["a\\nERROR forged"]}')
  })

  it('throws nothing where a use would throw', async () => {
    const lazy = await (await worldWith({ a: 1 }, { lazy: true })).open()
    expect(inspect(lazy)).toBe('Session {"state":"unloaded","properties":[]}')
    const world = await worldWith({ a: 1 }, {}, (memory) => new ScriptedStore(memory))
    ;(world.store as ScriptedStore).on({ load: lostRequest })
    const failed = await world.open()
    expect(inspect(failed)).toBe('Session {"state":"failed","properties":[]}')
    expect(inspect(Object.getPrototypeOf(failed))).toBeTypeOf('string')
  })
})
