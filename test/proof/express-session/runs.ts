import type { IncomingMessage } from 'node:http'
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
import { findAnomalies } from './checks.ts'
import { HandlerRun, type Report, type RequestWithSession } from './handler.ts'
import { type Middleware, send } from './http.ts'
import { OldRows, slowOriginal } from './original.ts'
import { generateHandler } from './script.ts'
import { sidOf, type Visit } from './visits.ts'

/** What serves a request that arrives now. */
export interface Instance {
  readonly middleware: Middleware
  /** Whether it is express-session. */
  readonly isOld?: boolean
  /** Whether it also writes the store of express-session. */
  readonly writesOldStore?: boolean
  /** Called when the response is sent. */
  readonly onDone?: () => void
}

/** Returns the instance of a process. The process `OBSERVER` has no faults. */
export type Processes = (process: number) => Instance

export type MakeProcesses = (scenario: Scenario, random: Random, now: () => number) => Processes

/** The process of the final reads. */
export const OBSERVER = -1
const EPOCH = 1_790_000_000_000
export const SECRET = 'a secret for the proofs'

/** The drop-in in each process, all on one memory store with faults. */
export function dropIn(wrap: Wrap = (store) => store): MakeProcesses {
  return (scenario, random, now) => {
    const rows = new MemoryStore({ max: 1000 })
    const processes = Array.from({ length: scenario.processes }, () =>
      newDropIn({ store: wrap(new FaultyStore(rows, scenario.faultRates, random.fork())) }, random, now),
    )
    const observer = newDropIn({ store: wrap(rows) }, random, now)
    return (process) => ({ middleware: processes[process] ?? observer })
  }
}

/** The drop-in with virtual time and seeded randomness. */
export function newDropIn(given: object, random: Random, now: () => number): Middleware {
  const settings = readOptions({ secret: SECRET, whenEnded: 'error', saveUninitialized: false, ...given })
  const bytes = random.fork()
  const core = { ...settings.core, clock: now, random: (size: number) => bytes.bytes(size) }
  return makeMiddleware({ ...settings, core }) as unknown as Middleware
}

/** express-session itself, which saves the whole object. */
export const original: MakeProcesses = (scenario, random) => {
  const rows = new OldRows()
  const processes = Array.from({ length: scenario.processes + 1 }, () =>
    slowOriginal(SECRET, rows, random.fork(), scenario.faultRates.latency),
  )
  return (process) => ({ middleware: processes.at(process) as Middleware })
}

/** Formats failures, each with the command that repeats it. */
export function formatFailures({ failed }: Results, options = ''): string {
  return failed
    .slice(0, 5)
    .map(
      ({ seed, anomalies }) =>
        `seed ${seed}: ${anomalies.slice(0, 3).join('; ')}\n  repeat it: npm run proof -- --express-session${options} --seed ${seed}`,
    )
    .join('\n')
}

/** Conditions of the seeds. */
export interface Conditions {
  readonly faults?: boolean
  readonly resent?: boolean
  readonly quietRounds?: boolean
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
  const again = new Random(scenario.seed ^ 0x65_6e_64)
  return time.run(random.fork().next, async () => {
    const now = (): number => EPOCH + Math.round(time.now)
    const processes = make(scenario, random.fork(), now)
    const reports = new Map<Exchange, Report>()
    const instances = new Map<Exchange, Instance>()
    const exchanges: Exchange[] = []
    const serve = (processOf: (exchange: Exchange) => number) => async (exchange: Exchange) => {
      const instance = processes(processOf(exchange))
      instances.set(exchange, instance)
      const cookies = await respond(instance.middleware, exchange, (report) => reports.set(exchange, report), scenario, time)
      instance.onDone?.()
      if (reports.get(exchange)?.end === 'ok') readsOfEnded.push(...readAgain(exchange))
      return cookies
    }
    const readsOfEnded: Promise<void>[] = []
    /** Sends a request with the cookie of a session that has ended to each process. */
    const readAgain = ({ browser, cookie, script }: Exchange): Promise<void>[] =>
      Array.from({ length: scenario.processes }, (_, process) =>
        new Browser(network, browser, cookie).send({
          delay: again.int(0, 400),
          process,
          script: { number: FINAL_READS + FINAL_READS + script.number, steps: [] },
        }),
      )
    const base = { exchanges, wait: time.wait, now, tick: newSequence(), random: random.fork() }
    const network: Network = { ...base, serve: serve(({ process }) => process) }
    await Promise.all(scenario.rounds.map((rounds) => new Browser(network).runRounds(rounds)))
    await Promise.all(readsOfEnded)
    await time.wait(15_000)
    await readEveryId({ ...base, serve: serve(() => OBSERVER) }, exchanges)
    return exchanges.map((exchange): Visit => {
      const { isOld = false, writesOldStore = false } = instances.get(exchange) ?? {}
      return { exchange, report: reports.get(exchange), isOld, writesOldStore }
    })
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
