import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSessions } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, catchError, catchRejection, TestApp } from '../fixture.ts'

const schema = {
  cart: z.array(z.object({ sku: z.number(), n: z.number().default(1) })),
  theme: z.enum(['light', 'dark']),
  visits: z.number().int().min(0),
}

describe('a schema', () => {
  it('accepts valid values and properties without a schema', async () => {
    const app = new TestApp({ schema })
    await app.request((session) => session.assign({ theme: 'dark', visits: 3, other: 'anything' }))
    expect(await app.read()).toEqual({ theme: 'dark', visits: 3, other: 'anything' })
  })

  it('rejects an invalid value when it is set, and names the property and the reason', async () => {
    const app = new TestApp({ schema })
    await app.request((session) => {
      const verbs = [
        () => session.set('theme', 'pink'),
        () => session.assign({ theme: 'pink' }),
        () => (session.data['theme'] = 'pink'),
        () => session.setDefault('theme', 'pink'),
        () => session.update('theme', () => 'pink'),
      ]
      for (const verb of verbs) expect(catchError(verb)).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'theme' })
      expect(catchError(() => session.increment('visits', -1)).message).toContain('"visits"')
    })
    expect((await app.rows()).length).toBe(0)
  })

  it('stores the output of the schema', async () => {
    const app = new TestApp({ schema })
    await app.request((session) => {
      session.set('cart', [{ sku: 7 }])
      expect(session.get('cart')).toEqual([{ sku: 7, n: 1 }])
    })
    expect((await app.row()).payload).toContain('"n":1')
  })

  it('checks an in-place change at the commit', async () => {
    const app = await appWith({ cart: [{ sku: 7, n: 1 }] }, { schema })
    const session = await app.open()
    session.get('cart')[0].sku = 'seven'
    expect(await catchRejection(app.sessions.commit(session, { status: 200 }))).toMatchObject({
      code: 'ERR_SESSION_CODEC',
      property: 'cart',
    })
  })

  it('that transforms a value writes nothing when the value is read', async () => {
    const app = await appWith({ other: 1 }, { schema })
    await app.replacePayload('{"cart":[{"sku":7}],"theme":"dark"}')
    const before = await app.row()
    await app.request((session) => expect(session.get('cart')).toEqual([{ sku: 7, n: 1 }]))
    expect(await app.row()).toEqual(before)
  })
})

describe('a stored value that does not match its schema', () => {
  it('reads as absent with an event, and its text is kept', async () => {
    const app = await appWith({ theme: 'dark', a: 1 }, { schema })
    await app.replacePayload('{"theme":"pink","visits":"many","a":1}')
    await app.request((session) => {
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
    expect(app.events).toContainEqual({ type: 'invalid', reason: 'schema', property: 'theme' })
    expect(JSON.parse((await app.row()).payload)).toEqual({ theme: 'pink', visits: 'many', a: 2 })
  })

  it('is replaced by setDefault', async () => {
    const app = await appWith({ theme: 'dark' }, { schema })
    await app.replacePayload('{"theme":"pink"}')
    await app.request((session) => expect(session.setDefault('theme', 'light')).toBe('light'))
    expect(await app.read()).toEqual({ theme: 'light' })
  })

  it('counts as absent for update and increment', async () => {
    const app = await appWith({ visits: 5 }, { schema })
    await app.replacePayload('{"visits":"many"}')
    await app.request((session) => expect(session.increment('visits')).toBe(1))
    expect(await app.read()).toEqual({ visits: 1 })
  })
})

describe('an unusable schema', () => {
  it('causes a ConfigError if it is asynchronous', async () => {
    const session = await new TestApp({ schema: { name: z.string().refine(async () => true) } }).open()
    const error = catchError(() => session.set('name', 'x'))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toMatch(/schema\.name/)
  })
})

describe('the types of a schema', () => {
  it('are the types of the session', async () => {
    const app = new TestApp()
    const sessions = createSessions({ store: app.memory, schema })
    const session = await sessions.open(incoming(undefined))
    session.set('theme', 'dark')
    const theme: 'light' | 'dark' = session.get('theme', 'light')
    expect(theme).toBe('dark')
    // @ts-expect-error -- not a theme
    expect(() => session.set('theme', 'pink')).toThrow()
  })
})
