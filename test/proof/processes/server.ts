// A server process for the proofs: `server.ts <location of the store> <ServerSetting as JSON>`.
// Prints its port, runs scripts, and stops gracefully on SIGTERM.
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type NextFunction, type Request, type Response } from 'express'
import { session } from '../../../src/adapters/express.ts'
import { storeAt } from '../../services/store-at.ts'
import type { Script } from '../checks/history.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import type { FaultRates } from '../scenario/generator.ts'
import { Random } from '../scenario/random.ts'
import { codeOf, newReport, runScript } from '../simulation/script.ts'
import { asOnWorkers, type SessionLike } from '../simulation/subject.ts'
import type { ServerSetting } from './server-process.ts'

const [location = '', settingText = '{}'] = process.argv.slice(2)
const { clock, merging, faults } = JSON.parse(settingText) as ServerSetting
/** Rare enough that most of the requests still overlap with others. */
const FAULT_RATES: FaultRates = {
  latency: 5,
  refused: 0.01,
  before: 0.01,
  after: 0.02,
  hang: 0.002,
  late: 0.01,
  resent: 0.02,
  silent: 0.01,
}
const app = express()
const withSession = merging ? makeSession() : asOnWorkers(makeSession)
/** Ends the waits of all scripts on SIGTERM. */
const shutdown = new AbortController()
let inFlight = 0

app.get('/in-flight', (_req, res) => void res.json(inFlight))

app.use((_req, res, next) => {
  inFlight += 1
  res.on('close', () => {
    inFlight -= 1
    // Node keeps the connections of requests that were running when the server was closed.
    if (!server.listening) server.closeIdleConnections()
  })
  next()
})

app.use(withSession)

const notUsed = (): Promise<never> => Promise.reject(new Error('The scripts over HTTP have no streams and no revocations'))

app.post('/run', async (req, res) => {
  const script = JSON.parse(req.get('x-script') ?? '') as Script
  const report = newReport()
  res.locals['report'] = report
  const isFailure = await runScript(req.session as SessionLike, script, report, { now: Date.now, wait, start: notUsed, revoke: notUsed })
  if (isFailure) res.status(500).json({ code: 'APPLICATION', report })
  else res.json({ report })
})

// Twice: if the commit of the error page fails too, Express continues after the handler that made
// the page.
app.use(sendError, sendError)

const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))

// A connection that the server closes while a request is being sent would look like a lost
// response.
server.keepAliveTimeout = 60_000

// Nothing here calls process.exit, so the process would not end if the library left a timer
// running.
process.once('SIGTERM', () => {
  shutdown.abort()
  server.close(() => void withSession.sessions.close())
})

// Exits when the parent process ends. The pipe must not keep the process running either.
process.stdin.on('close', () => process.exit(1)).resume()
;(process.stdin as unknown as { unref: () => void }).unref()

function makeSession(): ReturnType<typeof session> {
  const store = storeAt(location)
  const faulty = new FaultyStore(store, FAULT_RATES, new Random(process.pid))
  return session({ store: faults ? faulty : store, clock: () => Date.now() + clock })
}

function sendError(error: Error & { status?: number }, _req: Request, res: Response, _next: NextFunction): void {
  res.status(error.status ?? 500).json({ code: codeOf(error), report: res.locals['report'] })
}

function wait(ms: number): Promise<void> {
  return sleep(ms, undefined, { signal: shutdown.signal }).catch(() => undefined)
}
