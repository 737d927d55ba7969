import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSessions } from '../../../src/index.ts'
import { incoming } from '../../incoming.ts'
import { rejection, thrown, World, worldWith } from '../fixture.ts'

const schema = {
  cart: z.array(z.object({ sku: z.number(), n: z.number().default(1) })),
  theme: z.enum(['light', 'dark']),
  visits: z.number().int().min(0),
}

describe('a schema', () => {
  it('lets pass what fits, and what has no schema', async () => {
    const world = new World({ schema })
    await world.visit((session) => session.assign({ theme: 'dark', visits: 3, other: 'anything' }))
    expect(await world.read()).toEqual({ theme: 'dark', visits: 3, other: 'anything' })
  })

  it('refuses at set what does not, naming the property and why', async () => {
    const world = new World({ schema })
    await world.visit((session) => {
      const verbs = [
        () => session.set('theme', 'pink'),
        () => session.assign({ theme: 'pink' }),
        () => (session.data['theme'] = 'pink'),
        () => session.setDefault('theme', 'pink'),
        () => session.update('theme', () => 'pink'),
      ]
      for (const verb of verbs) expect(thrown(verb)).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'theme' })
      expect(thrown(() => session.increment('visits', -1)).message).toContain('"visits"')
    })
    expect((await world.rows()).length).toBe(0)
  })

  it('keeps what the schema puts out', async () => {
    const world = new World({ schema })
    await world.visit((session) => {
      session.set('cart', [{ sku: 7 }])
      expect(session.get('cart')).toEqual([{ sku: 7, n: 1 }])
    })
    expect((await world.row()).payload).toContain('"n":1')
  })

  it('checks a change made in place at the commit', async () => {
    const world = await worldWith({ cart: [{ sku: 7, n: 1 }] }, { schema })
    const session = await world.open()
    session.get('cart')[0].sku = 'seven'
    expect(await rejection(world.sessions.commit(session, { status: 200 }))).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'cart' })
  })

  it('that changes what it reads writes nothing by reading', async () => {
    const world = await worldWith({ other: 1 }, { schema })
    await world.plant('{"cart":[{"sku":7}],"theme":"dark"}')
    const before = await world.row()
    await world.visit((session) => expect(session.get('cart')).toEqual([{ sku: 7, n: 1 }]))
    expect(await world.row()).toEqual(before)
  })
})

describe('a stored value that fails its schema', () => {
  it('reads as absent, with an event; its text is kept', async () => {
    const world = await worldWith({ theme: 'dark', a: 1 }, { schema })
    await world.plant('{"theme":"pink","visits":"many","a":1}')
    await world.visit((session) => {
      expect([session.get('theme'), session.get('theme', 'light'), session.has('theme'), session.size, [...session.keys()]]).toEqual([
        undefined,
        'light',
        false,
        1,
        ['a'],
      ])
      expect(['theme' in session.data, session.toObject()]).toEqual([false, { a: 1 }])
      session.set('a', 2)
    })
    expect(world.events).toContainEqual({ type: 'invalid', reason: 'schema', property: 'theme' })
    expect(JSON.parse((await world.row()).payload)).toEqual({ theme: 'pink', visits: 'many', a: 2 })
  })

  it('setDefault sets in its place', async () => {
    const world = await worldWith({ theme: 'dark' }, { schema })
    await world.plant('{"theme":"pink"}')
    await world.visit((session) => expect(session.setDefault('theme', 'light')).toBe('light'))
    expect(await world.read()).toEqual({ theme: 'light' })
  })

  it('update and increment begin anew', async () => {
    const world = await worldWith({ visits: 5 }, { schema })
    await world.plant('{"visits":"many"}')
    await world.visit((session) => expect(session.increment('visits')).toBe(1))
    expect(await world.read()).toEqual({ visits: 1 })
  })
})

describe('a schema that cannot be used', () => {
  it('because it is asynchronous is a ConfigError that says so', async () => {
    const session = await new World({ schema: { name: z.string().refine(async () => true) } }).open()
    const error = thrown(() => session.set('name', 'x'))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toMatch(/schema\.name/)
  })
})

describe('the types of a schema', () => {
  it('are those of the session', async () => {
    const world = new World()
    const sessions = createSessions({ store: world.memory, schema })
    const session = await sessions.open(incoming(undefined))
    session.set('theme', 'dark')
    const theme: 'light' | 'dark' = session.get('theme', 'light')
    expect(theme).toBe('dark')
    // @ts-expect-error -- no theme
    expect(() => session.set('theme', 'pink')).toThrow()
  })
})
