import { describe, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createSessions, type Session } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

const schema = {
  cart: z.array(z.object({ sku: z.number(), n: z.number().default(1) })),
  theme: z.enum(['light', 'dark']),
  visits: z.number(),
  userId: z.string(),
}

const sessions = createSessions({ store: new MemoryStore(), schema })
const session = sessions.create()

describe('types from a schema', () => {
  it('are the outputs of the schemas', () => {
    expectTypeOf(session.get('cart')).toEqualTypeOf<{ sku: number; n: number }[] | undefined>()
    expectTypeOf(session.get('theme', 'light')).toEqualTypeOf<'light' | 'dark'>()
    expectTypeOf(session.data.visits).toEqualTypeOf<number | undefined>()
    expectTypeOf(session.userId).toEqualTypeOf<string | undefined>()
    expectTypeOf(sessions.of({})).toEqualTypeOf<typeof session>()
  })

  it('are checked on writes', () => {
    session.set('theme', 'dark').increment('visits')
    session.push('cart', { sku: 1, n: 1 })
    session.login('7')
    // @ts-expect-error -- not a theme
    session.set('theme', 'pink')
    // @ts-expect-error -- not a number
    session.increment('theme')
    // @ts-expect-error -- not a property
    session.get('other')
    // @ts-expect-error -- not a string
    session.login(7)
  })

  it('decide which properties can have a class', () => {
    const shop = createSessions({ store: new MemoryStore(), schema, properties: { cart: { secret: true }, theme: { client: true } } })
    expectTypeOf(shop).toEqualTypeOf<typeof sessions>()
    expectTypeOf(shop.create().toClient().theme).toEqualTypeOf<'light' | 'dark' | undefined>()
    // @ts-expect-error -- not a property
    createSessions({ store: new MemoryStore(), schema, properties: { crat: { secret: true } } })
    // @ts-expect-error -- not a class
    createSessions({ store: new MemoryStore(), schema, properties: { cart: { scret: true } } })
  })

  it('accept any Standard Schema', () => {
    const even = {
      '~standard': {
        version: 1,
        vendor: 'ours',
        validate: (value: unknown) => ({ value: value as number }),
        types: undefined as { input: number; output: number } | undefined,
      },
    } as const
    const other = createSessions({ store: new MemoryStore(), schema: { even } }).create()
    expectTypeOf(other.get('even')).toEqualTypeOf<number | undefined>()
    expectTypeOf(other).not.toEqualTypeOf<Session>()
    // @ts-expect-error -- not a schema
    createSessions({ store: new MemoryStore(), schema: { even: 5 } })
  })
})
