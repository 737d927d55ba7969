import { createServer, type Server } from 'node:http'
import express from 'express'
import type { Sessions } from 'sojourn'
import { session } from 'sojourn/express'
import { write } from './node.ts'

export function serverOf(sessions: Sessions): Server {
  const app = express()
  app.set('env', 'test') // finalhandler then does not print the error
  app.use(session(sessions))
  app.use((req, res, next) => {
    write(req, res, req.session).catch(next)
  })
  return createServer(app)
}
