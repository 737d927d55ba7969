/**
 * Declarations that examples may use without importing them. Their own imports and declarations
 * take precedence.
 */
export const AMBIENT = `
import type { Express, Request as ExpressRequest, Response as ExpressResponse } from 'express'
import type * as sojourn from 'sojourn'
import type * as sojournExpress from 'sojourn/express'
import type * as sojournMemory from 'sojourn/stores/memory'
import type * as sojournSqlite from 'sojourn/stores/sqlite'

declare global {
  const app: Express
  const req: ExpressRequest
  const res: ExpressResponse

  const store: sojourn.Store
  const session: sojourn.Session & typeof sojournExpress.session
  const sessions: sojourn.Sessions
  const createSessions: typeof sojourn.createSessions
  const MemoryStore: typeof sojournMemory.MemoryStore
  const SqliteStore: typeof sojournSqlite.SqliteStore
  class MyStore extends sojournMemory.MemoryStore {}

  const user: { readonly id: string }
  const userId: string
  const id: string
  const handle: string
  const closingTime: number
  const gone: string
  const logger: { debug(value: unknown): void }
}
`
