import { createServer } from 'node:http'
import { session } from '../../../src/adapters/node.ts'
import { answerOnNode, run, write } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import { errorPageOf } from '../harness/story-app.ts'

stories({
  name: 'node:http',
  ownErrorPage: false,
  remedy: 'cookie: { secure: true }',
  makeServer(app) {
    const open = session(app.sessions)
    const server = createServer(async (req, res) => {
      try {
        await open(req, res)
        await answerOnNode(app, req, res, open.sessions.of(req))
      } catch (error) {
        await write(res, errorPageOf(app, error))
      }
    })
    return run(server)
  },
})

stories({
  name: 'Connect style',
  ownErrorPage: true,
  remedy: 'cookie: { secure: true }',
  makeServer(app) {
    const open = session(app.sessions)
    const server = createServer((req, res) => {
      const next = (error?: unknown): void => {
        const answered = error === undefined ? answerOnNode(app, req, res, open.sessions.of(req)) : write(res, errorPageOf(app, error))
        answered.catch(next)
      }
      open(req, res, next)
    })
    return run(server)
  },
})
