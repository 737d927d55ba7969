import { describe, expect, it } from 'vitest'
import { typeCheck } from './type-check.ts'

// A separate program, because an augmentation affects every file of a program.

const AUGMENTATION = `
import type {} from 'sojourn'

export interface Item { readonly sku: number; n: number }

declare module 'sojourn' {
  interface SessionData {
    cart: Item[]
    darkMode: boolean
    visits?: number
    userId: number
  }
}
`

const USE = `
import express from 'express'
import { createSessions, type Default, type Session, type SessionData } from 'sojourn'
import { session } from 'sojourn/express'
import { MemoryStore } from 'sojourn/stores/memory'
import { withSession } from 'sojourn/web'
import type { Item } from './session-data.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_same: Same<A, B>): void => undefined
declare const mine: Session

same<Default, SessionData>(true)
same<keyof Default, 'cart' | 'darkMode' | 'visits' | 'userId'>(true)

const cart = mine.get('cart')
same<typeof cart, Item[] | undefined>(true)
const filled = mine.get('cart', [])
same<typeof filled, Item[]>(true)
const visits = mine.increment('visits')
same<typeof visits, number>(true)
mine.push('cart', { sku: 1, n: 1 })
mine.login(7)
mine.data.darkMode = true

// closed: undeclared properties do not exist
// @ts-expect-error -- a typo
mine.get('drakMode')
// @ts-expect-error -- a typo
mine.set('drakMode', true)
// @ts-expect-error -- a typo
mine.data.drakMode = true
// @ts-expect-error -- not a boolean
mine.set('darkMode', 'yes')
// @ts-expect-error -- not a number
mine.increment('darkMode')
// @ts-expect-error -- not a number
mine.login('7')

const store = new MemoryStore()
const app = express()
app.use(session({ store }))
app.get('/', (req, res) => {
  same<typeof req.session, Session>(true)
  // @ts-expect-error -- a typo
  req.session.get('drakMode')
  // @ts-expect-error -- read-only on the request
  req.session = mine
  res.json(req.session.get('cart', []))
})

withSession({ store }, (_request, session) => {
  same<typeof session, Session>(true)
  // @ts-expect-error -- a typo
  session.delete('drakMode')
  return new Response(String(session.get('visits', 0)))
})

// the classes of properties
createSessions({ store, properties: { cart: { client: true }, visits: { secret: true } } })
session({ store, properties: { cart: { client: true } } })
// @ts-expect-error -- a typo
createSessions({ store, properties: { crat: { client: true } } })
// @ts-expect-error -- a typo
session({ store, properties: { crat: { client: true } } })
// @ts-expect-error -- a property of another manager
createSessions<{ role: string }>({ store, properties: { cart: { client: true } } })
createSessions<{ role: string }>({ store, properties: { role: { client: true } } })

// a manager with its own data, in addition to the augmented type
const admins = createSessions<{ role: 'owner' | 'clerk' }>({ store, as: 'adminSession' })
const role = admins.create().get('role')
same<typeof role, 'owner' | 'clerk' | undefined>(true)
// @ts-expect-error -- a property of the other manager
admins.create().get('cart')
`

const OPEN = `
import { createSessions } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'

const session = createSessions({ store: new MemoryStore() }).create()
session.set('anything', 1)
const value: string[] = session.get('other')
session.set('more', value)
`

describe('SessionData', () => {
  it('types every session when augmented, and rejects other properties', { timeout: 60_000 }, async () => {
    expect(await typeCheck({ 'session-data.ts': AUGMENTATION, 'use.ts': USE })).toEqual([])
  })

  it('is open when not augmented', { timeout: 60_000 }, async () => {
    expect(await typeCheck({ 'use.ts': OPEN })).toEqual([])
  })

  it('reports errors in code that uses other properties', { timeout: 60_000 }, async () => {
    const errors = await typeCheck({ 'session-data.ts': AUGMENTATION, 'use.ts': OPEN })
    expect(errors.length).toBeGreaterThan(2)
  })
})
