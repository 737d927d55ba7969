import type { Exchange, History, Rules, Touch } from '../checks/history.ts'
import type { Scenario } from '../scenario/generator.ts'
import { Random } from '../scenario/random.ts'
import { Browser, type Network } from './browser.ts'
import { inProcess } from './in-process.ts'
import type { Subject } from './subject.ts'
import { VirtualTime } from './virtual-time.ts'

/** The processes of a run, and access to the rows. */
export interface Fixture {
  readonly subjects: readonly Subject[]
  /** A process without faults, for the final reads. */
  readonly observer: Subject
  readonly rows: () => Promise<readonly string[]>
  readonly touches: () => readonly Touch[]
  readonly close?: () => Promise<void>
  /** Maximum age of reads in milliseconds, if processes have separate caches. Default 0. */
  readonly maxStale?: number
  readonly lateRows: () => number
}

/** The values that a fixture needs to build its processes. */
export interface FixtureContext {
  readonly random: Random
  /** The clock of a process, in epoch milliseconds. */
  readonly clock: (process: number) => () => number
  readonly scenario: Scenario
  /** Wraps all real I/O, so that virtual time waits for it. */
  readonly trackIo: <T>(work: Promise<T>) => Promise<T>
}

export type MakeFixture = (context: FixtureContext) => Fixture | Promise<Fixture>

/** A time in 2026. */
const EPOCH = 1_790_000_000_000
/**
 * With a smaller difference between clocks, a request that was running when its id was replaced ends
 * within the minute in which it can end the session.
 */
export const OVERLAP = 50_000
/** The first request number of the final reads. */
export const FINAL_READS = 10_000_000

/** Runs a scenario in this process on virtual time: one seed, one history. */
export async function simulate(scenario: Scenario, make: MakeFixture): Promise<History> {
  const time = new VirtualTime()
  const random = new Random(scenario.seed ^ 0x50_6f_77)
  const crashes: string[] = []
  const recordCrash = (error: unknown): unknown => crashes.push(String(error))
  process.on('unhandledRejection', recordCrash)
  try {
    return await time.run(random.fork().next, () => runScenario(scenario, make, time, random, crashes))
  } finally {
    process.off('unhandledRejection', recordCrash)
  }
}

async function runScenario(scenario: Scenario, make: MakeFixture, time: VirtualTime, random: Random, crashes: string[]): Promise<History> {
  const clock = (process: number) => () => EPOCH + Math.round(time.now) + offsetAt(scenario, process, time.now)
  const fixture = await make({ random: random.fork(), clock, scenario, trackIo: time.trackIo })
  const exchanges: Exchange[] = []
  const environment = { wait: time.wait, now: () => EPOCH + time.now }
  const network: Network = {
    ...environment,
    exchanges,
    serve: inProcess((process) => fixture.subjects[process] as Subject, environment),
    tick: newSequence(),
    random: random.fork(),
    cyclesIds: scenario.maxIdAge !== undefined,
  }
  await Promise.all(scenario.rounds.map((rounds) => new Browser(network).runRounds(rounds)))
  // Wait for late effects of operations that were given up.
  await time.wait(15_000)
  await readEveryId({ ...network, serve: inProcess(() => fixture.observer, environment) }, exchanges)
  const rows = await fixture.rows()
  await fixture.close?.()
  return { exchanges, rows, crashes, touches: fixture.touches(), lateRows: fixture.lateRows(), rules: rulesOf(scenario, fixture.maxStale) }
}

function offsetAt({ clockSteps }: Scenario, process: number, now: number): number {
  return clockSteps.filter((step) => step.process === process && step.at <= now).reduce((_, { offset }) => offset, 0)
}

/** Returns a counter for positions in the order of all events. */
export function newSequence(): () => number {
  let count = 0
  return () => count++
}

/** Sends one more request with every id that was issued. */
export async function readEveryId(network: Network, exchanges: readonly Exchange[]): Promise<void> {
  const issued = exchanges.flatMap(({ setCookie, browser }) =>
    setCookie === undefined || setCookie === '' ? [] : [{ setCookie, browser }],
  )
  const reads = issued.map(({ setCookie, browser }, index) => () => {
    return new Browser(network, browser, setCookie).send({ delay: 0, process: index, script: { number: FINAL_READS + index, steps: [] } })
  })
  while (reads.length > 0) await Promise.all(reads.splice(0, 16).map((read) => read()))
}

function rulesOf({ idle, absolute, skew, limit, maxIdAge, faults, faultRates }: Scenario, maxStale = 0): Rules {
  // Load, claim, save and commit each have a deadline, one after the other, and a last store
  // operation may begin just before a deadline.
  const clocks = { skew: 2.5 * skew, replacedIdsEnd: 2 * skew < OVERLAP }
  return { idle, absolute, ...clocks, limit, maxIdAge, faults, resends: faultRates.resent > 0, maxStale, maxDuration: 30_000 }
}
