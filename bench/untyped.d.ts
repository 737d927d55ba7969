declare module 'better-sqlite3-session-store' {
  import type { Database } from 'better-sqlite3'
  import type expressSession from 'express-session'

  const makeStore: (session: typeof expressSession) => new (options: { readonly client: Database }) => expressSession.Store
  export default makeStore
}
