import { createSessions } from 'sojourn'
import { SqliteStore } from 'sojourn/stores/sqlite'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

export const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })
