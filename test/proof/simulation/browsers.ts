import { Browser, type Network } from './browser.ts'
import { type Round, steps } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'

/** Who sends requests, and until when. */
export interface Crowd {
  readonly network: Network
  readonly random: Random
  /** Browsers at work at the same time. */
  readonly browsers: number
  readonly processes: number
  readonly done: () => boolean
}

/** Rounds until a browser is closed and another, without a cookie, takes its place. */
const ROUNDS = 8

/** Browsers that send rounds of overlapping requests, in real time, until they are told that it is done. */
export async function visit(crowd: Crowd): Promise<void> {
  const source = { number: 1, browser: 0 }
  await Promise.all(Array.from({ length: crowd.browsers }, () => visitors(crowd, crowd.random.fork(), source)))
}

async function visitors({ network, processes, done }: Crowd, random: Random, source: { number: number; browser: number }): Promise<void> {
  while (!done()) {
    const browser = source.browser++
    const visitor = new Browser(network, browser)
    for (let left = ROUNDS; left > 0 && !done(); left--) await visitor.play([roundOf(random, browser, processes, source)])
  }
}

function roundOf(random: Random, browser: number, processes: number, source: { number: number }): Round {
  const requests = Array.from({ length: random.int(3, 8) }, () => {
    const number = source.number++
    const script = { number, steps: steps(random, number, { longWaits: false }).map(quicker) }
    return { delay: random.int(0, 15), process: random.int(0, processes - 1), script }
  })
  return { browser, pause: random.int(0, 5), requests }
}

function quicker<T extends { do: string }>(step: T): T {
  return 'ms' in step ? { ...step, ms: Math.floor((step.ms as number) / 4) } : step
}
