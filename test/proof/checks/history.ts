// The format of a history: the calls to a session library, and their results. The checker sees
// nothing else (except the rows that are left), so the same checker judges the library in one
// process, over HTTP, and its mutants.

/** One action of a request on its session. Values are unique. */
export type Step =
  | Of<'set' | 'setIfAbsent' | 'mutate', { readonly name: string; readonly value: string }>
  | Of<'delete' | 'pop' | 'claim' | 'increment', { readonly name: string }>
  | Of<'login', { readonly user: string; readonly revokeOthers?: boolean }>
  /** Ends all sessions of a user, except that of the request if it has one and `except` is true. */
  | Of<'revoke', { readonly user: string; readonly except: boolean }>
  /** Does nothing if no user is logged in. */
  | Of<'reauthenticate', { readonly revokeOthers: boolean }>
  /** `start`: the response starts. The changes after it are committed before its end. */
  | Of<'clear' | 'flush' | 'cycle' | 'save' | 'start' | 'fail'>
  | Of<'wait', { readonly ms: number }>

/** One type for each name, so that a switch over them is checked for completeness. */
type Of<Do extends string, Rest = unknown> = Do extends string ? { readonly do: Do } & Rest : never

/** A request, with a unique number. Without a writing step it only reads. */
export interface Script {
  readonly number: number
  readonly steps: readonly Step[]
}

/** A recorded change. Deleting an absent property records none. */
export type Change =
  | { readonly do: 'set' | 'setIfAbsent'; readonly name: string; readonly value: unknown }
  | { readonly do: 'remove' | 'add'; readonly name: string }
  | { readonly do: 'login' | 'reauthenticate'; readonly user: string; readonly revokeOthers?: boolean }
  | { readonly do: 'clear' | 'cycle' }

/**
 * `ok`: reported as saved. `no`: reported as certainly not saved. `unknown`: saved once or not at
 * all.
 */
export type Outcome = 'ok' | 'no' | 'unknown'

/**
 * Changes that become visible together. Each unit appends its id to the property `log`, so `log` is
 * the order of the commits.
 */
export interface Unit {
  readonly id: number
  changes: Change[]
  /** It begins with a flush, so its changes belong to a new session. */
  readonly fresh: boolean
  outcome: Outcome
  /**
   * Its login was refused because of a revocation, a limit or the end of its session, possibly after
   * it was written. The other changes were saved then, and the session got back the user it had.
   */
  isRefused: boolean
  /** When it was passed to the library, by the simulation's clock. */
  at: number
}

/**
 * A claim is a separate step. It adds no id to the log, because its write contains only the claimed
 * property.
 */
export interface Claim {
  readonly name: string
  taken: unknown
  /**
   * The request had pending changes of the property, which were committed with the claim and
   * replaced the stored value.
   */
  hadPendingChanges: boolean
  outcome: Outcome
  at: number
}

/** A call that ends the sessions of a user. */
export interface Revocation {
  readonly user: string
  /** The session of the request is spared. */
  readonly excepts: boolean
  outcome: Outcome
  /** When it was called, by the simulation's clock. */
  readonly at: number
}

/** The data that a request read from its session. */
export interface Snapshot {
  /** A session existed when the request began. */
  readonly exists: boolean
  /** All properties except `log`. */
  readonly data: Readonly<Record<string, unknown>>
  readonly log: readonly number[]
  readonly expiresAt: number
}

/** The report of a request's handler. */
export interface Report {
  opened?: Snapshot
  /** The last read, before the commit. */
  closing?: Snapshot
  units: Unit[]
  claims: Claim[]
  revocations: Revocation[]
  flush: Outcome | undefined
  /**
   * Every effective change in order, with claims as removals: the changes that the request must see
   * itself.
   */
  ownChanges: Change[]
  /** When the handler began, after the session was opened, by the simulation's clock. */
  openedAt: number
  /** When the final commit began, by the simulation's clock. */
  committedAt: number
}

/** One request as the browser sees it. */
export interface Exchange {
  readonly script: Script
  readonly browser: number
  readonly process: number
  /** The id that was sent. */
  readonly cookie: string | undefined
  /**
   * Positions in the order of all events: when the first byte was sent and when the first byte of
   * the response arrived.
   */
  readonly began: number
  ended: number
  /** The same by the simulation's clock, in milliseconds. */
  readonly beganAt: number
  endedAt: number
  /** The error code of the response; `undefined` for a success, `NETWORK` without a response. */
  code: string | undefined
  /** The `reason` of the error. */
  reason?: string | undefined
  /** The id in `Set-Cookie`, or `''` if the cookie is deleted. */
  setCookie: string | undefined
  setCookies: number
  /** `undefined` if the response was lost. */
  report: Report | undefined
}

/** Returns an exchange without a response. */
export function newExchange(sent: Pick<Exchange, 'script' | 'browser' | 'process' | 'cookie' | 'began' | 'beganAt'>): Exchange {
  return { ...sent, ended: Infinity, endedAt: Infinity, code: undefined, setCookie: undefined, setCookies: 0, report: undefined }
}

/** The effect of a touch on a row's expiry, recorded by `WatchedStore`. */
export interface Touch {
  readonly key: string
  readonly before: number | undefined
  readonly after: number | undefined
  readonly absoluteEnd: number
  readonly now: number
}

export interface History {
  readonly exchanges: readonly Exchange[]
  /** Keys of the rows that are left at the end, including expired ones. */
  readonly rows: readonly string[]
  readonly touches: readonly Touch[]
  /**
   * Rows that were created after their writer had given up and taken another id. No browser has
   * their ids.
   */
  readonly lateRows: number
  /** Unhandled rejections. */
  readonly crashes: readonly string[]
  readonly rules: Rules
}

/** Conditions of the run. Times in milliseconds. */
export interface Rules {
  readonly idle: number
  readonly absolute: number
  /** The maximum difference between two clocks, or of one clock before and after a step. */
  readonly skew: number
  /**
   * A request with an id that was just replaced can end the session. Only where clocks differ by
   * less than a minute, because the minute in which it can is measured by two clocks.
   */
  readonly replacedIdsEnd: boolean
  /** The maximum number of sessions of a user. */
  readonly limit?: number | undefined
  /** An id that is older is replaced by the next response. `undefined`: none is because of its age. */
  readonly maxIdAge?: number | undefined
  /** The store failed or processes were killed, so a commit may end as unknown. */
  readonly faults: boolean
  /** Client libraries may send an operation twice. */
  readonly resends: boolean
  /**
   * The maximum age of the data that a request reads, if processes have separate caches. Writes are
   * never based on a cached read.
   */
  readonly maxStale: number
  /** The maximum duration of a request, excluding its own waits. */
  readonly maxDuration: number
}

/** Returns the constant part of an id, which all ids of one session share. */
export function familyOf(id: string): string {
  return id.slice(0, id.indexOf('.'))
}
