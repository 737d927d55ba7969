// The format of a history: what was asked of a session library, and what it answered. The checker sees nothing else (but the rows that
// were left), so that the same checker judges the library in one process, over HTTP, and its mutants.

/** One thing a request does with its session. Values are unique. */
export type Step =
  | Of<'set' | 'fill' | 'edit', { readonly name: string; readonly value: string }>
  | Of<'delete' | 'pop' | 'claim' | 'increment', { readonly name: string }>
  | Of<'login', { readonly user: string }>
  | Of<'clear' | 'flush' | 'cycle' | 'save' | 'fail'>
  | Of<'wait', { readonly ms: number }>

/** One type for each of the names, so that a switch over them is checked. */
type Of<Do extends string, Rest = unknown> = Do extends string ? { readonly do: Do } & Rest : never

/** A request: its number is unique. One without a writing step only looks. */
export interface Script {
  readonly number: number
  readonly steps: readonly Step[]
}

/** A change as it was recorded: a `delete` of what was absent is none. */
export type Change =
  | { readonly do: 'set' | 'fill'; readonly name: string; readonly value: unknown }
  | { readonly do: 'remove' | 'add'; readonly name: string }
  | { readonly do: 'login'; readonly user: string }
  | { readonly do: 'clear' | 'cycle' }

/** `ok`: reported as saved. `no`: reported as surely not saved. `unknown`: in or out, but once. */
export type Outcome = 'ok' | 'no' | 'unknown'

/** Changes that become visible together. Each puts its mark at the end of the property `log`, so that `log` is the order of commits. */
export interface Unit {
  readonly mark: number
  changes: Change[]
  /** It begins with a flush: what follows belongs to a new session. */
  readonly fresh: boolean
  outcome: Outcome
  /** When it was given to the library, by the simulation's clock. */
  at: number
}

/** A claim is a step of its own. It leaves no mark: nothing but its property goes into its write. */
export interface Claim {
  readonly name: string
  taken: unknown
  /** The request had changes of its own on the property, which went with the claim and covered whatever was stored. */
  over: boolean
  outcome: Outcome
  at: number
}

/** What a request saw of its session. */
export interface Snapshot {
  /** There was a session when the request began. */
  readonly live: boolean
  /** All properties but `log`. */
  readonly data: Readonly<Record<string, unknown>>
  readonly log: readonly number[]
  readonly expiresAt: number
}

/** What the handler of a request can tell. */
export interface Report {
  opened?: Snapshot
  /** The last look, before the commit. */
  closing?: Snapshot
  units: Unit[]
  claims: Claim[]
  flush: Outcome | undefined
  /** Every effective change in order, claims as removals: what the request has to see of itself. */
  own: Change[]
  /** When the final commit began, by the simulation's clock. */
  committedAt: number
}

/** One request as the browser knows it. */
export interface Exchange {
  readonly script: Script
  readonly browser: number
  readonly process: number
  /** The id that was sent. */
  readonly cookie: string | undefined
  /** Places in the order of all that happened: when the first byte was sent, when the first byte came back. */
  readonly began: number
  ended: number
  /** The same by the simulation's clock, in milliseconds. */
  readonly beganAt: number
  endedAt: number
  /** The code of the error it was answered with; `undefined` for a success; `NETWORK` when there was no answer. */
  code: string | undefined
  /** The id in `Set-Cookie`, or `''` where the cookie is deleted. */
  setCookie: string | undefined
  setCookies: number
  /** Missing where the answer was lost. */
  report: Report | undefined
}

/** One that has not been answered. */
export function newExchange(sent: Pick<Exchange, 'script' | 'browser' | 'process' | 'cookie' | 'began' | 'beganAt'>): Exchange {
  return { ...sent, ended: Infinity, endedAt: Infinity, code: undefined, setCookie: undefined, setCookies: 0, report: undefined }
}

/** What happened to a row's expiry by a touch, where the store could be watched. */
export interface Touch {
  readonly key: string
  readonly before: number | undefined
  readonly after: number | undefined
  readonly absoluteEnd: number
  readonly now: number
}

export interface History {
  readonly exchanges: readonly Exchange[]
  /** Keys of the rows that are left in the end; expired ones too. */
  readonly rows: readonly string[]
  readonly touches: readonly Touch[]
  /** Rows that appeared when their writer had given up and taken another id; nobody has theirs. */
  readonly lateRows: number
  /** Errors that reached nobody. */
  readonly crashes: readonly string[]
  readonly rules: Rules
}

/** What held during the run. Times in milliseconds. */
export interface Rules {
  readonly idle: number
  readonly absolute: number
  /** The most that two clocks, or one clock before and after a step, disagree. */
  readonly skew: number
  /** The store failed or processes died, so that a commit may end as unknown. */
  readonly faults: boolean
  /** Client libraries may send an operation twice. */
  readonly resends: boolean
  /** How old what a request reads may be, where processes have caches of their own. What is written is never built on it. */
  readonly maxStale: number
  /** The longest a request may take, beside its own waits. */
  readonly patience: number
}

/** The constant part of an id; what all ids of one session have in common. */
export function familyOf(id: string): string {
  return id.slice(0, id.indexOf('.'))
}
