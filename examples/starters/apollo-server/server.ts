import { ApolloServer } from '@apollo/server'
import { expressMiddleware } from '@as-integrations/express5'
import express, { type ErrorRequestHandler } from 'express'
import { GraphQLError } from 'graphql'
import { createSessions, type Session } from 'sojourn'
import { session } from 'sojourn/express'
import { SqliteStore } from 'sojourn/stores/sqlite'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })

const typeDefs = /* GraphQL */ `
  type Query {
    notices: [String!]!
    user: String
    cart: [String!]!
    account: String!
  }
  type Mutation {
    add(sku: String!): [String!]!
    empty: Boolean!
    login(name: String!): String!
    logout: Boolean!
  }
`

const server = new ApolloServer<{ session: Session }>({
  typeDefs,
  resolvers: {
    Query: {
      notices: (_, __, { session }) => session.flashed<string>('notice'),
      user: (_, __, { session }) => session.userId,
      cart: (_, __, { session }) => session.get('cart', []),
      account: (_, __, { session }) => {
        if (session.userId === undefined) throw new GraphQLError('Please log in.', { extensions: { code: 'UNAUTHENTICATED' } })
        return session.userId
      },
    },
    Mutation: {
      add: (_, { sku }: { sku: string }, { session }) => {
        session.flash('notice', 'Added.')
        return session.push('cart', sku)
      },
      empty: (_, __, { session }) => session.delete('cart'),
      login: (_, { name }: { name: string }, { session }) => {
        session.login(name)
        session.flash('notice', 'Welcome back.')
        return name
      },
      logout: (_, __, { session }) => {
        session.logout()
        return true
      },
    },
  },
})
await server.start()

const onError: ErrorRequestHandler = (error, _req, res, _next) => {
  res.status(error.status ?? 500).json({ errors: [{ message: 'Something went wrong.' }] })
}

const app = express()
app.use(
  '/graphql',
  session(sessions),
  express.json(),
  expressMiddleware(server, { context: async ({ req }) => ({ session: req.session }) }),
)
app.use(onError)
app.listen(Number(process.env.PORT ?? 3000))
