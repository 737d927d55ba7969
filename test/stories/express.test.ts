import { createServer } from 'node:http'
import express5, { type ErrorRequestHandler, type Express } from 'express'
import express4 from 'express4'
import { session } from '../../src/adapters/express.ts'
import { answerOnNode, run, write } from './node-answer.ts'
import { stories } from './stories.ts'
import { errorPageOf, type Running, type StoryApp, sealed } from './story-app.ts'

function makeServer(express: () => Express): (app: StoryApp) => Promise<Running> {
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

stories({ name: 'Express 5', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express5) })
stories(
  { name: 'Express 5, sessions in cookies', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express5) },
  { make: sealed, inRows: false },
)
stories({ name: 'Express 4', ownErrorPage: true, remedy: 'trust proxy', makeServer: makeServer(express4) })
