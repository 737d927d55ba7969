import type { Script, Step } from '../checks/history.ts'
import { Random } from './random.ts'
import { generateClient, MAX_ID_AGE, RENEWAL_KINDS, RENEWAL_WAITS } from './renewal-requests.ts'
import { generateConditions, generateUserRequest } from './user-requests.ts'

/**
 * The faults of the store: the probability of each for one operation, and the maximum latency in
 * milliseconds.
 */
export interface FaultRates {
  readonly latency: number
  /** Fails before its effect, and the error reports that. */
  readonly refused: number
  /** Fails before its effect, and the error leaves the outcome open. */
  readonly before: number
  /** Fails after its effect. */
  readonly after: number
  /** Never finishes, and has no effect. */
  readonly hang: number
  /** Takes effect after its caller has given up. */
  readonly late: number
  /** Is sent twice by the client library, which returns the second result. */
  readonly resent: number
  /** Takes effect, and its response never arrives. */
  readonly silent: number
}

export interface PlannedRequest {
  readonly script: Script
  /** Milliseconds after the start of the round. */
  readonly delay: number
  readonly process: number
  /** It sends the id that the browser had before the current one. Default `false`. */
  readonly sendsPrevious?: boolean
  /** The browser does not get the response, and keeps its id. Default `false`. */
  readonly isLost?: boolean
}

/** Requests of one browser that overlap. */
export interface Round {
  readonly browser: number
  /** Milliseconds before the round starts. */
  readonly waitBefore: number
  readonly requests: readonly PlannedRequest[]
}

export interface Scenario {
  readonly seed: number
  readonly processes: number
  /** Rounds by browser. */
  readonly rounds: readonly (readonly Round[])[]
  readonly faultRates: FaultRates
  /** Whether the store can fail, so that a commit may end as unknown. */
  readonly faults: boolean
  readonly idle: number
  readonly absolute: number
  /** The maximum number of sessions of a user. */
  readonly limit?: number | undefined
  /** The age at which ids are replaced, in milliseconds. `undefined`: none is because of its age. */
  readonly maxIdAge?: number | undefined
  /** The maximum difference between a clock and the time of the simulation, in milliseconds. */
  readonly skew: number
  /** Changes of the processes' clocks: when, of which process, and to which offset. */
  readonly clockSteps: readonly { readonly at: number; readonly process: number; readonly offset: number }[]
  /** Rows are printed in another JSON style, as another program would write them. */
  readonly foreignStyle: boolean
  /** Whether commits of one session and process wait for each other. They do not on Workers. */
  readonly merging: boolean
}

export const RELIABLE: FaultRates = { latency: 12, refused: 0, before: 0, after: 0, hang: 0, late: 0, resent: 0, silent: 0 }

/** Conditions of a scenario, and features to leave out where a flaw is not related to them. */
export interface ScenarioOptions {
  readonly faults?: boolean
  readonly resent?: boolean
  readonly silent?: boolean
  readonly longWaits?: boolean
  /**
   * Many logins in parallel, and sessions that live for longer than two minutes, so that the end of
   * an overlap of ids is reached. Default `false`.
   */
  readonly parallelLogins?: boolean
  /** Streams, whose handlers change the session after the start of the response. Default `false`. */
  readonly streams?: boolean
  /** Rounds of only one request, in which an end overlaps with nothing. Default `false`. */
  readonly quietRounds?: boolean
  /**
   * Many logins of the same users, next to revocations and reauthentications, mostly with a limit
   * of sessions. Default `false`.
   */
  readonly users?: boolean
  /**
   * Ids that are replaced because of their age, between requests of users. Some responses are lost,
   * and some requests send the id before. Default `false`.
   */
  readonly renewals?: boolean
  /** Default 2000. With `users` or `renewals` it is 0 in three of four runs, because clocks order the logins. */
  readonly skew?: number
  /** Default true. */
  readonly merging?: boolean
}

/** Generates a whole run from one number. */
export function generateScenario(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new Random(seed)
  const { users = false, renewals = false, merging = true } = options
  const { skew, limit } = { skew: 2000, limit: undefined, ...((users || renewals) && generateConditions(seed)), ...givenSkew(options) }
  const processes = random.int(1, 4)
  const browsers = random.int(1, 3)
  const numbers = { next: 1 }
  const rounds = Array.from({ length: browsers }, (_, browser) => generateRounds(random.fork(), browser, processes, numbers, options))
  const idle = idleOf(skew, options)
  const faultRates = generateFaultRates(random.fork(), options)
  const { latency: _, resent: __, ...faults } = faultRates
  return {
    seed,
    processes,
    rounds,
    idle,
    absolute: random.pick([2.5, 5]) * idle,
    limit,
    ...(renewals && { maxIdAge: MAX_ID_AGE }),
    skew,
    faultRates,
    faults: Object.values(faults).some((chance) => chance > 0),
    clockSteps: generateClockSteps(random.fork(), processes, skew),
    foreignStyle: random.chance(0.3),
    merging,
  }
}

/** So long that clocks that differ do not end every session. */
function idleOf(skew: number, { parallelLogins = false, users = false, renewals = false }: ScenarioOptions): number {
  if (renewals) return 5 * MAX_ID_AGE + 30 * skew
  return users ? 400_000 + 30 * skew : (parallelLogins ? 200 : 30) * skew
}

function givenSkew({ skew }: ScenarioOptions): { readonly skew?: number } {
  return skew === undefined ? {} : { skew }
}

function generateFaultRates(random: Random, { faults = true, resent = true, silent = true }: ScenarioOptions): FaultRates {
  const reliable = { ...RELIABLE, latency: random.pick([2, 12, 40]) }
  const resends = resent && random.chance(0.4) ? { ...reliable, resent: random.pick([0.05, 0.3]) } : reliable
  if (!faults || random.chance(0.4)) return resends
  const chance = (): number => random.pick([0, 0.02, 0.08])
  const rates = { ...resends, refused: chance(), before: chance(), after: chance(), hang: chance() / 2, late: chance() }
  return silent ? { ...rates, silent: chance() / 2 } : rates
}

function generateClockSteps(random: Random, processes: number, skew: number): Scenario['clockSteps'] {
  const start = Array.from({ length: processes }, (_, process) => ({ at: 0, process, offset: random.int(-skew, skew) }))
  const later = Array.from({ length: random.int(0, 6) }, () => ({
    at: random.int(1, 60_000),
    process: random.int(0, processes - 1),
    offset: random.int(-skew, skew),
  }))
  return [...start, ...later]
}

function generateRounds(random: Random, browser: number, processes: number, numbers: { next: number }, options: ScenarioOptions): Round[] {
  const pickWait = (): number => {
    if (options.renewals === true) return random.pick(RENEWAL_WAITS)
    if (options.parallelLogins === true) return random.pick([0, 5, 5_000, 30_000, 70_000, 140_000])
    if (options.users === true) return random.pick([0, 5, 50, 5_000, 30_000, 70_000])
    return random.pick([0, 5, 50, 8_000, ...(options.longWaits === false ? [] : [20_000, random.int(50_000, 80_000)])])
  }
  return Array.from({ length: countRounds(random, options) }, (_, index) => ({
    browser,
    waitBefore: index < 2 ? random.int(0, 30) : pickWait(),
    requests: Array.from({ length: countRequests(random, options) }, () => ({
      delay: random.int(0, 60),
      process: random.int(0, processes - 1),
      script: { number: numbers.next, steps: generateSteps(random, numbers.next++, options) },
      ...(options.renewals === true && generateClient(random)),
    })),
  }))
}

function countRounds(random: Random, { quietRounds = false, renewals = false }: ScenarioOptions): number {
  return quietRounds ? random.int(6, 10) : random.int(3, renewals ? 8 : 6)
}

function countRequests(random: Random, { quietRounds = false, renewals = false }: ScenarioOptions): number {
  if (quietRounds && random.chance(0.4)) return 1
  return renewals ? random.int(1, 6) : random.int(3, 8)
}

type Kind = 'read' | 'write' | 'claim' | 'end' | 'identity'

/** Generates the steps of one request. */
export function generateSteps(random: Random, number: number, options: ScenarioOptions = {}): Step[] {
  const value = values(number)
  if (options.parallelLogins === true && random.chance(0.2)) return generateLogin(random, value)
  if ((options.users === true && random.chance(0.4)) || (options.renewals === true && random.chance(0.12)))
    return generateUserRequest(random, () => generateWrite(random, value))
  const kind = random.weighted<Kind>(options.renewals === true ? RENEWAL_KINDS : { read: 20, write: 50, claim: 12, end: 6, identity: 12 })
  if (options.streams === true && (kind === 'read' || kind === 'write') && random.chance(0.5))
    return generateStream(random, kind, number, options)
  if (kind === 'read') return generateWaits(random, options)
  const count = { write: random.int(1, 5), claim: random.int(0, 2), end: random.int(0, 1), identity: random.int(0, 2) }[kind]
  const writes = Array.from({ length: count }, () => generateWrite(random, value))
  return [
    ...generateWaits(random, options),
    ...insertMainStep(kind, writes, random, value),
    ...(random.chance(0.04) ? [{ do: 'fail' } as const] : []),
  ]
}

function generateStream(random: Random, kind: 'read' | 'write', number: number, options: ScenarioOptions): Step[] {
  const value = values(number)
  const writes = (count: number): Step[] => Array.from({ length: count }, () => generateWrite(random, value))
  const before = kind === 'read' ? [] : writes(random.int(1, 2))
  return [...generateWaits(random, options), ...before, { do: 'start' }, ...generateWaits(random, options), ...writes(random.int(1, 3))]
}

/** A login, mostly of the same user. */
function generateLogin(random: Random, value: () => string): Step[] {
  const writes = Array.from({ length: random.int(0, 2) }, () => generateWrite(random, value))
  return [...writes, { do: 'login', user: random.chance(0.9) ? 'anna' : 'ben' }]
}

/** Inserts the step that defines the kind of the request. */
function insertMainStep(kind: Kind, writes: Step[], random: Random, value: () => string): Step[] {
  const around = writes.flatMap((step) => (random.chance(0.3) ? [step, { do: 'wait', ms: random.int(0, 40) } as const] : [step]))
  if (kind === 'claim') return [...around, { do: 'claim', name: 'ticket' }, ...(random.chance(0.3) ? [generateWrite(random, value)] : [])]
  if (kind === 'end')
    return [...around, { do: 'flush' }, ...(random.chance(0.5) ? [generateWrite(random, value), generateWrite(random, value)] : [])]
  if (kind === 'identity') {
    const step: Step = random.chance(0.5) ? { do: 'cycle' } : { do: 'login', user: random.pick(['anna', 'ben']) }
    return random.chance(0.5) ? [...around, step] : [step, ...around]
  }
  return random.chance(0.15) ? [...around, { do: 'save' }, generateWrite(random, value)] : around
}

function generateWrite(random: Random, value: () => string): Step {
  const pickName = (): string => random.pick(['a', 'b', 'c'])
  const name = random.weighted({ set: 40, delete: 10, pop: 8, setIfAbsent: 8, mutate: 10, increment: 12, ticket: 12, clear: 4, logout: 3 })
  switch (name) {
    case 'set':
      return { do: 'set', name: pickName(), value: value() }
    case 'ticket':
      return { do: 'set', name: 'ticket', value: value() }
    case 'delete':
    case 'pop':
      return { do: name, name: pickName() }
    case 'setIfAbsent':
      return { do: 'setIfAbsent', name: 'first', value: value() }
    case 'mutate':
      return { do: 'mutate', name: 'box', value: value() }
    case 'increment':
      return { do: 'increment', name: 'count' }
    case 'clear':
      return { do: 'clear' }
    case 'logout':
      return { do: 'delete', name: 'userId' }
  }
}

function generateWaits(random: Random, { longWaits = true }: ScenarioOptions): Step[] {
  if (longWaits && random.chance(0.01)) return [{ do: 'wait', ms: random.int(70_000, 90_000) }]
  return random.chance(0.7) ? [{ do: 'wait', ms: random.int(0, 60) }] : []
}

function values(number: number): () => string {
  let count = 0
  return () => `v${number}.${count++}`
}
