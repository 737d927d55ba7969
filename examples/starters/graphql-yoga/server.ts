import { createServer } from 'node:http'
import { GraphQLError } from 'graphql'
import { createSchema, createYoga } from 'graphql-yoga'
import { createSessions, type Session } from 'sojourn'
import { withSession } from 'sojourn/node'
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

const schema = createSchema<{ session: Session }>({
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

const yoga = createYoga<{ session: Session }>({ schema })
createServer(withSession(sessions, (req, res, session) => yoga(req, res, { session }))).listen(Number(process.env.PORT ?? 3000))
