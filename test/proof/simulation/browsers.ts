import { generateSteps, type Round } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'
import { Browser, type Network } from './browser.ts'

/** The load: browsers that send requests until `done` returns true. */
export interface BrowserLoad {
  readonly network: Network
  readonly random: Random
  /** The number of concurrent browsers. */
  readonly browsers: number
  readonly processes: number
  readonly done: () => boolean
}

/** The number of rounds until a browser is replaced by a new one without a cookie. */
const ROUNDS = 8

/**
 * Runs browsers that send rounds of overlapping requests, in real time, until `done` returns true.
 */
export async function runBrowsers(load: BrowserLoad): Promise<void> {
  const numbers = { number: 1, browser: 0 }
  await Promise.all(Array.from({ length: load.browsers }, () => runBrowser(load, load.random.fork(), numbers)))
}

async function runBrowser(
  { network, processes, done }: BrowserLoad,
  random: Random,
  numbers: { number: number; browser: number },
): Promise<void> {
  while (!done()) {
    const browser = numbers.browser++
    const client = new Browser(network, browser)
    for (let remaining = ROUNDS; remaining > 0 && !done(); remaining--)
      await client.runRounds([generateRound(random, browser, processes, numbers)])
  }
}

function generateRound(random: Random, browser: number, processes: number, numbers: { number: number }): Round {
  const requests = Array.from({ length: random.int(3, 8) }, () => {
    const number = numbers.number++
    const script = { number, steps: generateSteps(random, number, { longWaits: false }).map(shortenWait) }
    return { delay: random.int(0, 15), process: random.int(0, processes - 1), script }
  })
  return { browser, waitBefore: random.int(0, 5), requests }
}

function shortenWait<T extends { do: string }>(step: T): T {
  return 'ms' in step ? { ...step, ms: Math.floor((step.ms as number) / 4) } : step
}
