import type { Script, Step } from '../checks/history.ts'
import { Random } from './random.ts'

/** How the store behaves. Chances are of one operation. */
export interface Weather {
  readonly latency: number
  /** Fails before its effect, and says so. */
  readonly refused: number
  /** Fails before its effect, and does not say so. */
  readonly before: number
  /** Takes effect, and fails. */
  readonly after: number
  /** Never answers, and has no effect. */
  readonly hang: number
  /** Takes effect when nobody waits any more. */
  readonly late: number
  /** Is sent twice by the client library; the second answer counts. */
  readonly resent: number
}

export interface Planned {
  readonly script: Script
  /** Milliseconds after the round began. */
  readonly delay: number
  readonly process: number
}

/** Requests of one browser that overlap. */
export interface Round {
  readonly browser: number
  /** Milliseconds of rest before it. */
  readonly pause: number
  readonly requests: readonly Planned[]
}

export interface Scenario {
  readonly seed: number
  readonly processes: number
  /** By browser. */
  readonly rounds: readonly (readonly Round[])[]
  readonly weather: Weather
  /** The store fails now and then, so that a commit may end as unknown. */
  readonly faults: boolean
  readonly idle: number
  readonly absolute: number
  /** Steps of the processes' clocks: at which instant whose clock is set off by how much. */
  readonly steps: readonly { readonly at: number; readonly process: number; readonly offset: number }[]
  /** Payloads come back printed in another style, as another program would write them. */
  readonly foreignStyle: boolean
}

export const FAIR: Weather = { latency: 12, refused: 0, before: 0, after: 0, hang: 0, late: 0, resent: 0 }

/** What to leave out of a scenario; for mutants whose fault has nothing to do with it. */
export interface Choice {
  readonly faults?: boolean
  readonly resent?: boolean
  readonly longWaits?: boolean
}

/** A whole run out of one number. */
export function scenario(seed: number, choice: Choice = {}): Scenario {
  const random = new Random(seed)
  const processes = random.int(1, 4)
  const browsers = random.int(1, 3)
  const numbers = { next: 1 }
  const rounds = Array.from({ length: browsers }, (_, browser) => roundsOf(random.fork(), browser, processes, numbers, choice))
  const idle = 60_000
  const sky = weather(random.fork(), choice)
  const { latency: _, resent: __, ...faults } = sky
  return {
    seed,
    processes,
    rounds,
    idle,
    absolute: random.pick([150_000, 300_000]),
    weather: sky,
    faults: Object.values(faults).some((chance) => chance > 0),
    steps: clockSteps(random.fork(), processes),
    foreignStyle: random.chance(0.3),
  }
}

function weather(random: Random, { faults = true, resent = true }: Choice): Weather {
  const calm = { ...FAIR, latency: random.pick([2, 12, 40]) }
  const resends = resent && random.chance(0.4) ? { ...calm, resent: random.pick([0.05, 0.3]) } : calm
  if (!faults || random.chance(0.4)) return resends
  const chance = (): number => random.pick([0, 0.02, 0.08])
  return { ...resends, refused: chance(), before: chance(), after: chance(), hang: chance() / 2, late: chance() }
}

function clockSteps(random: Random, processes: number): Scenario['steps'] {
  const start = Array.from({ length: processes }, (_, process) => ({ at: 0, process, offset: random.int(-2000, 2000) }))
  const later = Array.from({ length: random.int(0, 6) }, () => ({
    at: random.int(1, 60_000),
    process: random.int(0, processes - 1),
    offset: random.int(-2000, 2000),
  }))
  return [...start, ...later]
}

function roundsOf(random: Random, browser: number, processes: number, numbers: { next: number }, choice: Choice): Round[] {
  const pause = (): number => random.pick([0, 5, 50, 8_000, ...(choice.longWaits === false ? [] : [20_000, random.int(50_000, 80_000)])])
  return Array.from({ length: random.int(3, 6) }, (_, index) => ({
    browser,
    pause: index < 2 ? random.int(0, 30) : pause(),
    requests: Array.from({ length: random.int(3, 8) }, () => ({
      delay: random.int(0, 60),
      process: random.int(0, processes - 1),
      script: { number: numbers.next, steps: steps(random, numbers.next++, choice) },
    })),
  }))
}

type Kind = 'look' | 'write' | 'claim' | 'end' | 'identity'

/** What one request does. */
export function steps(random: Random, number: number, choice: Choice = {}): Step[] {
  const kind = random.weighted<Kind>({ look: 20, write: 50, claim: 12, end: 6, identity: 12 })
  if (kind === 'look') return waits(random, choice)
  const value = values(number)
  const most = { write: random.int(1, 5), claim: random.int(0, 2), end: random.int(0, 1), identity: random.int(0, 2) }[kind]
  const writes = Array.from({ length: most }, () => write(random, value))
  return [...waits(random, choice), ...crown(kind, writes, random, value), ...(random.chance(0.04) ? [{ do: 'fail' } as const] : [])]
}

/** Puts the step that the request is for among the others. */
function crown(kind: Kind, writes: Step[], random: Random, value: () => string): Step[] {
  const around = writes.flatMap((step) => (random.chance(0.3) ? [step, { do: 'wait', ms: random.int(0, 40) } as const] : [step]))
  if (kind === 'claim') return [...around, { do: 'claim', name: 'ticket' }, ...(random.chance(0.3) ? [write(random, value)] : [])]
  if (kind === 'end') return [...around, { do: 'flush' }, ...(random.chance(0.5) ? [write(random, value), write(random, value)] : [])]
  if (kind === 'identity') {
    const step: Step = random.chance(0.5) ? { do: 'cycle' } : { do: 'login', user: random.pick(['anna', 'ben']) }
    return random.chance(0.5) ? [...around, step] : [step, ...around]
  }
  return random.chance(0.15) ? [...around, { do: 'save' }, write(random, value)] : around
}

function write(random: Random, value: () => string): Step {
  const plain = (): string => random.pick(['a', 'b', 'c'])
  const name = random.weighted({ set: 40, delete: 10, pop: 8, fill: 8, edit: 10, increment: 12, ticket: 12, clear: 4, logout: 3 })
  switch (name) {
    case 'set':
      return { do: 'set', name: plain(), value: value() }
    case 'ticket':
      return { do: 'set', name: 'ticket', value: value() }
    case 'delete':
    case 'pop':
      return { do: name, name: plain() }
    case 'fill':
      return { do: 'fill', name: 'first', value: value() }
    case 'edit':
      return { do: 'edit', name: 'box', value: value() }
    case 'increment':
      return { do: 'increment', name: 'count' }
    case 'clear':
      return { do: 'clear' }
    case 'logout':
      return { do: 'delete', name: 'userId' }
  }
}

function waits(random: Random, { longWaits = true }: Choice): Step[] {
  if (longWaits && random.chance(0.01)) return [{ do: 'wait', ms: random.int(70_000, 90_000) }]
  return random.chance(0.7) ? [{ do: 'wait', ms: random.int(0, 60) }] : []
}

function values(number: number): () => string {
  let count = 0
  return () => `v${number}.${count++}`
}
