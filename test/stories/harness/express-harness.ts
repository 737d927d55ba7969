import { createServer } from 'node:http'
import type { ErrorRequestHandler, Express } from 'express'
import { session } from '../../../src/adapters/express.ts'
import { answerOnNode, run, write } from './node-response.ts'
import { errorPageOf, type Running, type StoryApp } from './story-app.ts'

/** An application of Express that tells a story, with an error page of its own. */
export function makeServer(express: () => Express): (app: StoryApp) => Promise<Running> {
  return (story) => {
    const app = express()
    app.use(session(story.sessions))
    app.use((req, res, next) => {
      answerOnNode(story, req, res, req.session).catch(next)
    })
    const errorPage: ErrorRequestHandler = (error, _req, res, _next) => void write(res, errorPageOf(story, error))
    app.use(errorPage)
    return run(createServer(app))
  }
}
