import { createServer } from 'node:http'
import { session } from '../../../src/adapters/node.ts'
import { listen, respondOnNode, writeResponse } from '../harness/node-response.ts'
import { stories } from '../harness/stories.ts'
import { renderErrorPage } from '../harness/story-app.ts'

stories({
  name: 'node:http',
  hasErrorPage: false,
  remedy: 'cookie: { secure: true }',
  startServer(app) {
    const open = session(app.sessions)
    const server = createServer(async (req, res) => {
      try {
        await open(req, res)
        await respondOnNode(app, req, res, open.sessions.of(req))
      } catch (error) {
        await writeResponse(res, renderErrorPage(app, error))
      }
    })
    return listen(server)
  },
})

stories({
  name: 'Connect style',
  hasErrorPage: true,
  remedy: 'cookie: { secure: true }',
  startServer(app) {
    const open = session(app.sessions)
    const server = createServer((req, res) => {
      const next = (error?: unknown): void => {
        const responded =
          error === undefined ? respondOnNode(app, req, res, open.sessions.of(req)) : writeResponse(res, renderErrorPage(app, error))
        responded.catch(next)
      }
      open(req, res, next)
    })
    return listen(server)
  },
})
