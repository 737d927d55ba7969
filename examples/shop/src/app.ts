import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { session } from 'sojourn/express'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { shop } from './actions.ts'
import { auditActions, collectEvents, recordEvent } from './audit-log.ts'
import { inspectSessions } from './inspect.ts'
import { showHome, showRace } from './pages.ts'
import { expressSessionRace } from './race/express-session.js'
import { sojournRace } from './race/sojourn.ts'
import { noStore, rejectCrossSite, securityHeaders } from './security.ts'
import { errorPage } from './views/error-page.ts'

export interface Shop {
  readonly app: Express
  close(): Promise<void>
}

/** Creates the shop, with its sessions in this SQLite file. */
export function createShop(database: string): Shop {
  const store = new SqliteStore(database)
  const app = express()
  app.disable('x-powered-by')
  app.use(securityHeaders, rejectCrossSite)
  app.use(express.static(join(import.meta.dirname, '../public')))
  app.use(express.urlencoded({ extended: false }), noStore)
  app.use('/race/express-session', expressSessionRace(), notFound)
  app.use('/race/sojourn', sojournRace(store), notFound)
  const sessions = session({ store, onEvent: recordEvent })
  app.use(collectEvents, sessions)
  app.use('/inspector', inspectSessions(sessions.sessions).express)
  app.use(auditActions(store))
  app.use(shop)
  app.get('/', showHome(store))
  app.get('/race', showRace)
  app.use(notFound, handleError)
  return { app, close: () => store.close() }
}

const notFound: RequestHandler = (_req, res) => void res.status(404).send(String(errorPage(404, 'This page does not exist.')))

const handleError: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  const status = Number(error.status ?? 500)
  if (status >= 500) console.error(error)
  const message = status < 500 ? error.message : 'The server could not handle the request.'
  res.status(status).send(String(errorPage(status, message)))
}
