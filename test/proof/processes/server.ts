// A server process for the proofs: `server.ts <place of the store>`. Tells its port, serves scripts, ends in order on SIGTERM.
import type { AddressInfo } from 'node:net'
import { setTimeout as rest } from 'node:timers/promises'
import express, { type NextFunction, type Request, type Response } from 'express'
import { session } from '../../../src/adapters/express.ts'
import { storeAt } from '../../services/store-at.ts'
import type { Script } from '../checks/history.ts'
import { codeOf, newReport, perform } from '../simulation/script.ts'
import type { SessionLike } from '../simulation/subject.ts'

const [place = ''] = process.argv.slice(2)
const app = express()
const withSession = session({ store: storeAt(place) })
/** Nobody waits any longer once the server is told to end. */
const ending = new AbortController()
let inFlight = 0

app.get('/in-flight', (_req, res) => void res.json(inFlight))

app.use((_req, res, next) => {
  inFlight += 1
  res.on('close', () => {
    inFlight -= 1
    // Node keeps the connections of requests that were at work when it was told to close.
    if (!server.listening) server.closeIdleConnections()
  })
  next()
})

app.use(withSession)

app.post('/run', async (req, res) => {
  const script = JSON.parse(req.get('x-script') ?? '') as Script
  const report = newReport()
  res.locals['report'] = report
  const failed = await perform(req.session as SessionLike, script, report, { now: Date.now, wait })
  if (failed) res.status(500).json({ code: 'APPLICATION', report })
  else res.json({ report })
})

// Twice: when what the error page itself would commit fails too, Express goes on behind the handler that made the page.
app.use(answerError, answerError)

const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))

// A connection that the server gives up while a request is under way to it would look like a lost answer.
server.keepAliveTimeout = 60_000

// Nothing here calls process.exit: if the library left a timer running, the process would not end.
process.once('SIGTERM', () => {
  ending.abort()
  server.close(() => void withSession.sessions.close())
})

// Ends with whoever started it. The pipe must not keep it alive either.
process.stdin.on('close', () => process.exit(1)).resume()
;(process.stdin as unknown as { unref: () => void }).unref()

function answerError(error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction): void {
  res.status(error.status ?? 500).json({ code: codeOf(error), report: res.locals['report'] })
}

function wait(ms: number): Promise<void> {
  return rest(ms, undefined, { signal: ending.signal }).catch(() => undefined)
}
