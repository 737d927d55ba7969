import type { Exchange, History, Rules, Touch } from '../checks/history.ts'
import { Browser, type Network } from './browser.ts'
import type { Scenario } from '../scenario/generator.ts'
import { inProcess } from './in-process.ts'
import { Random } from '../scenario/random.ts'
import type { Subject } from './subject.ts'
import { VirtualTime } from './virtual-time.ts'

/** What a run is made on: the processes, and a look at the rows. */
export interface World {
  readonly subjects: readonly Subject[]
  /** A process that nothing troubles, for the last look. */
  readonly onlooker: Subject
  readonly rows: () => Promise<readonly string[]>
  readonly touches: () => readonly Touch[]
  readonly close?: () => Promise<void>
  /** How old reads may be, where processes have caches of their own. Default 0. */
  readonly maxStale?: number
  readonly lateRows: () => number
}

/** What the processes of a world are given. */
export interface Tools {
  readonly random: Random
  /** The clock of a process, in epoch milliseconds. */
  readonly clock: (process: number) => () => number
  readonly scenario: Scenario
  /** What all real I/O goes through, so that virtual time waits for it. */
  readonly outside: <T>(work: Promise<T>) => Promise<T>
}

export type MakeWorld = (tools: Tools) => World | Promise<World>

/** An instant in 2026. */
const EPOCH = 1_790_000_000_000
const SKEW = 5000
/** The numbers of last looks begin here. */
const LOOKS = 10_000_000

/** Runs a scenario in this process on virtual time: one seed, one history. */
export async function simulate(scenario: Scenario, make: MakeWorld): Promise<History> {
  const time = new VirtualTime()
  const random = new Random(scenario.seed ^ 0x50_6f_77)
  const crashes: string[] = []
  const note = (error: unknown): unknown => crashes.push(String(error))
  process.on('unhandledRejection', note)
  try {
    return await time.run(random.fork().next, () => play(scenario, make, time, random, crashes))
  } finally {
    process.off('unhandledRejection', note)
  }
}

async function play(scenario: Scenario, make: MakeWorld, time: VirtualTime, random: Random, crashes: string[]): Promise<History> {
  const clock = (process: number) => () => EPOCH + Math.round(time.now) + offsetAt(scenario, process, time.now)
  const world = await make({ random: random.fork(), clock, scenario, outside: time.outside })
  const exchanges: Exchange[] = []
  const around = { wait: time.wait, now: () => EPOCH + time.now }
  const network: Network = {
    ...around,
    exchanges,
    serve: inProcess((process) => world.subjects[process] as Subject, around),
    tick: ticker(),
    random: random.fork(),
  }
  await Promise.all(scenario.rounds.map((rounds) => new Browser(network).play(rounds)))
  // Late effects of operations that were given up.
  await time.wait(15_000)
  await lastLook({ ...network, serve: inProcess(() => world.onlooker, around) }, exchanges)
  const rows = await world.rows()
  await world.close?.()
  return { exchanges, rows, crashes, touches: world.touches(), lateRows: world.lateRows(), rules: rulesOf(scenario, world.maxStale) }
}

function offsetAt({ steps }: Scenario, process: number, now: number): number {
  return steps.filter((step) => step.process === process && step.at <= now).reduce((_, { offset }) => offset, 0)
}

/** Places in the order of all that happens. */
export function ticker(): () => number {
  let count = 0
  return () => count++
}

/** Every id that was ever given out is tried once more. */
export async function lastLook(network: Network, exchanges: readonly Exchange[]): Promise<void> {
  const given = exchanges.flatMap(({ setCookie, browser }) => (setCookie === undefined || setCookie === '' ? [] : [{ setCookie, browser }]))
  const looks = given.map(({ setCookie, browser }, index) => () => {
    return new Browser(network, browser, setCookie).send({ delay: 0, process: index, script: { number: LOOKS + index, steps: [] } })
  })
  while (looks.length > 0) await Promise.all(looks.splice(0, 16).map((look) => look()))
}

function rulesOf({ idle, absolute, faults, weather }: Scenario, maxStale = 0): Rules {
  // Load, claim, save and commit have their deadlines one after the other; a last store operation may begin just before one.
  return { idle, absolute, skew: SKEW, faults, resends: weather.resent > 0, maxStale, patience: 30_000 }
}
