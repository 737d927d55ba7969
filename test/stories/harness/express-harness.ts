import { createServer } from 'node:http'
import type { ErrorRequestHandler, Express } from 'express'
import { session } from '../../../src/adapters/express.ts'
import { listen, respondOnNode, writeResponse } from './node-response.ts'
import { type RunningServer, renderErrorPage, type StoryApp } from './story-app.ts'

/** Starts an Express application with the routes of a story and an error page. */
export function startExpress(express: () => Express): (app: StoryApp) => Promise<RunningServer> {
  return (story) => {
    const app = express()
    app.use(session(story.sessions))
    app.use((req, res, next) => {
      respondOnNode(story, req, res, req.session).catch(next)
    })
    const errorPage: ErrorRequestHandler = (error, _req, res, _next) => void writeResponse(res, renderErrorPage(story, error))
    app.use(errorPage)
    return listen(createServer(app))
  }
}
