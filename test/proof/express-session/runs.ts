import type { IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { readOptions } from '../../../src/express-session/config/options.ts'
import { makeMiddleware } from '../../../src/express-session/manager/middleware.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import type { Exchange } from '../checks/history.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { generateScenario, type Scenario } from '../scenario/generator.ts'
import { Random } from '../scenario/random.ts'
import { Browser, type Network } from '../simulation/browser.ts'
import type { Wrap } from '../simulation/fixtures.ts'
import { codeOf } from '../simulation/script.ts'
import { FINAL_READS, newSequence, readEveryId } from '../simulation/simulate.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'
import { findAnomalies, sidOf, type Visit } from './checks.ts'
import { HandlerRun, type Report, type RequestWithSession } from './handler.ts'
import { type Middleware, send } from './http.ts'
import { generateHandler } from './script.ts'

/** The processes of one run, and one more without faults for the final reads. */
export type MakeProcesses = (scenario: Scenario, random: Random, now: () => number) => readonly Middleware[]

const EPOCH = 1_790_000_000_000
/** Not imported, because its types declare `req.session` for all files. */
const expressSession = createRequire(import.meta.url)('express-session') as {
  (options: object): Middleware
  readonly MemoryStore: new () => Readonly<Record<'get' | 'set' | 'destroy' | 'touch', (...args: unknown[]) => void>>
}
const SECRET = 'a secret for the proofs'

/** The drop-in in each process, all on one memory store with faults. */
export function dropIn(wrap: Wrap = (store) => store): MakeProcesses {
  return (scenario, random, now) => {
    const rows = new MemoryStore({ max: 1000 })
    return Array.from({ length: scenario.processes + 1 }, (_, index) => {
      const store = index === scenario.processes ? rows : new FaultyStore(rows, scenario.faultRates, random.fork())
      const given = { secret: SECRET, resave: false, saveUninitialized: false, whenEnded: 'error', store: wrap(store) } as const
      const settings = readOptions(given)
      const bytes = random.fork()
      const core = { ...settings.core, clock: now, random: (size: number) => bytes.bytes(size) }
      return makeMiddleware({ ...settings, core }) as unknown as Middleware
    })
  }
}

/** express-session itself, which saves the whole object. */
export const original: MakeProcesses = (scenario, random) => {
  const store = slowStore(() => random.next() * scenario.faultRates.latency)
  const options = { secret: SECRET, resave: false, saveUninitialized: false, store }
  return Array.from({ length: scenario.processes + 1 }, () => expressSession(options))
}

function slowStore(latency: () => number): object {
  const store = new expressSession.MemoryStore()
  for (const name of ['get', 'set', 'destroy', 'touch'] as const) {
    const work = store[name].bind(store)
    Object.assign(store, { [name]: (...args: unknown[]) => void setTimeout(() => work(...args), latency()) })
  }
  return store
}

/** Formats failures, each with the command that repeats it. */
export function formatFailures({ failed }: Results): string {
  return failed
    .slice(0, 5)
    .map(
      ({ seed, anomalies }) =>
        `seed ${seed}: ${anomalies.slice(0, 3).join('; ')}\n  repeat it: npm run proof -- --express-session --seed ${seed}`,
    )
    .join('\n')
}

/** Conditions of the seeds. */
export interface Conditions {
  readonly faults?: boolean
  readonly resent?: boolean
}

/** The results of several seeds. */
export interface Results {
  requests: number
  /** Responses by error code, with `ok` for successes. */
  readonly responses: Record<string, number>
  readonly failed: { readonly seed: number; readonly anomalies: readonly string[] }[]
}

/** Runs seeds one after the other, each as one history that is checked. */
export async function runSeeds(seeds: readonly number[], make: MakeProcesses = dropIn(), conditions: Conditions = {}): Promise<Results> {
  const results: Results = { requests: 0, responses: {}, failed: [] }
  for (const seed of seeds) {
    const scenario = generateScenario(seed, { longWaits: false, ...conditions })
    const visits = await simulate(scenario, make)
    const anomalies = findAnomalies(visits, scenario)
    results.requests += visits.length
    for (const { exchange } of visits) results.responses[exchange.code ?? 'ok'] = (results.responses[exchange.code ?? 'ok'] ?? 0) + 1
    if (anomalies.length > 0) results.failed.push({ seed, anomalies })
  }
  return results
}

/** Runs a scenario on virtual time, with handlers for `req.session` in place of its scripts. */
function simulate(scenario: Scenario, make: MakeProcesses): Promise<readonly Visit[]> {
  const time = new VirtualTime()
  const random = new Random(scenario.seed ^ 0x65_78_73)
  return time.run(random.fork().next, async () => {
    const now = (): number => EPOCH + Math.round(time.now)
    const processes = make(scenario, random.fork(), now)
    const reports = new Map<Exchange, Report>()
    const exchanges: Exchange[] = []
    const serve = (of: (process: number) => Middleware) => async (exchange: Exchange) =>
      respond(of(exchange.process), exchange, (report) => reports.set(exchange, report), scenario, time)
    const base = { exchanges, wait: time.wait, now, tick: newSequence(), random: random.fork() }
    const network: Network = { ...base, serve: serve((process) => processes[process] as Middleware) }
    await Promise.all(scenario.rounds.map((rounds) => new Browser(network).runRounds(rounds)))
    await time.wait(15_000)
    await readEveryId({ ...base, serve: serve(() => processes.at(-1) as Middleware) }, exchanges)
    return exchanges.map((exchange) => ({ exchange, report: reports.get(exchange) }))
  })
}

type KeepReport = (report: Report) => void

async function respond(
  middleware: Middleware,
  exchange: Exchange,
  keep: KeepReport,
  { seed }: Scenario,
  { wait }: VirtualTime,
): Promise<readonly string[]> {
  const { script, cookie, browser } = exchange
  const steps = script.number >= FINAL_READS ? [] : generateHandler(new Random(seed * 100_000 + script.number), script.number)
  const header = cookie === undefined ? undefined : `connect.sid=${cookie}`
  const errors: string[] = []
  const { setCookies } = await send(middleware, header, {
    async handle(req, res) {
      const exists = cookie !== undefined && sessionIdOf(req) === sidOf(cookie)
      const run = new HandlerRun(req as RequestWithSession, exists, { user: `u${browser}`, wait })
      keep(run.report)
      await run.run(steps)
      res.statusCode = run.report.fails ? 500 : 200
      res.end('done')
    },
    onError: (error) => errors.push(codeOf(error)),
  })
  exchange.code = errors[0]
  return setCookies.map((text) => text.slice(text.indexOf('=') + 1, text.indexOf(';')))
}

function sessionIdOf(req: IncomingMessage): unknown {
  return (req as { sessionID?: unknown }).sessionID
}
