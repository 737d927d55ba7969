import { createServer } from 'node:http'
import { initTRPC, TRPCError } from '@trpc/server'
import { type CreateHTTPContextOptions, createHTTPHandler } from '@trpc/server/adapters/standalone'
import { createSessions } from 'sojourn'
import { withSession } from 'sojourn/node'
import { SqliteStore } from 'sojourn/stores/sqlite'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db'), saveOnEnd: true })

function createContext({ req }: CreateHTTPContextOptions) {
  const session = sessions.of(req)
  return { session, user: session.userId }
}

const { router, procedure } = initTRPC.context<typeof createContext>().create({
  errorFormatter: ({ shape, error }) => (error.code === 'INTERNAL_SERVER_ERROR' ? { ...shape, message: 'Something went wrong.' } : shape),
})

const shop = router({
  look: procedure.query(({ ctx: { session, user } }) => ({
    notices: session.flashed<string>('notice'),
    user,
    cart: session.get('cart', []),
  })),
  add: procedure.input(String).mutation(({ ctx: { session }, input }) => {
    session.flash('notice', 'Added.')
    return session.push('cart', input)
  }),
  empty: procedure.mutation(({ ctx: { session } }) => session.delete('cart')),
  checkout: procedure.input(String).mutation(async function* ({ ctx: { session }, input }) {
    yield 'Packing.'
    session.delete('cart')
    await session.save()
    yield `Sent to ${input}.`
  }),
  login: procedure.input(String).mutation(({ ctx: { session }, input }) => {
    session.login(input)
    session.flash('notice', 'Welcome back.')
  }),
  account: procedure.query(({ ctx: { user } }) => {
    if (user === undefined) throw new TRPCError({ code: 'UNAUTHORIZED' })
    return user
  }),
  logout: procedure.mutation(({ ctx: { session } }) => session.logout()),
})

export type Shop = typeof shop

createServer(withSession(sessions, createHTTPHandler({ router: shop, createContext }))).listen(Number(process.env.PORT ?? 3000))
