import { join } from 'node:path'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { session } from 'sojourn/express'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { shop } from './actions.ts'
import { guard, unstored } from './guard.ts'
import { home, raceGround } from './pages.ts'
import { expressSessionRace } from './race/express-session.js'
import { sojournRace } from './race/sojourn.ts'
import { problemPage } from './views/problem.ts'
import { listen, overhear, witness } from './witness.ts'

export interface Shop {
  readonly app: Express
  close(): Promise<void>
}

export function createShop(database: string): Shop {
  const store = new SqliteStore(database)
  const sessions = session({ store, onEvent: listen })
  const app = express()
  app.disable('x-powered-by')
  app.use(guard)
  app.use(express.static(join(import.meta.dirname, '../public')), express.urlencoded({ extended: false }), unstored)
  app.use('/race/express-session', expressSessionRace(), notFound)
  app.use('/race/sojourn', sojournRace(store), notFound)
  app.use(overhear, sessions, witness(store), shop)
  app.get('/', home(store))
  app.get('/race', raceGround)
  app.use(notFound, problem)
  return { app, close: () => store.close() }
}

const notFound: RequestHandler = (_req, res) => void res.status(404).send(String(problemPage(404, 'There is no such page.')))

const problem: ErrorRequestHandler = (error, _req, res, next) => {
  if (res.headersSent) return next(error)
  const status = Number(error.status ?? 500)
  if (status >= 500) console.error(error)
  res.status(status).send(String(problemPage(status, status < 500 ? error.message : 'Something went wrong on our side.')))
}
