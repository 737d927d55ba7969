import type { SessionEvents } from '../base/events.ts'
import type { Identity } from '../store/id.ts'
import type { Entry, IndexName, Store } from '../store/store.ts'
import type { Texts } from './profile.ts'

/**
 * `undefined` is returned without a promise, so that a request that is of no interest costs none.
 */
export type Maybe<T> = T | undefined | Promise<T | undefined>

/** Why a session was ended. */
export type EndReason = SessionEvents['ended']['reason']

/** A session that was read from the store. */
export interface LoadedSession {
  readonly identity: Identity
  /**
   * The row, also one that this id does not lead to; `undefined` if there is none or it is expired.
   */
  readonly entry: Entry | undefined
  /** The properties, if the id leads to the session and it is readable. */
  readonly texts: Texts | undefined
  readonly now: number
  /** The `monotonic()` time by which the decision is needed. */
  readonly deadline: number
}

/**
 * The result of `afterLoad`: the entry to use, which is validated like one that was read; or the
 * reason why the request has no session.
 */
export type LoadDecision = { readonly entry: Entry | undefined } | { readonly absent: SessionEvents['absent']['reason'] }

/** A session that was written. */
export interface WrittenSession {
  readonly identity: Identity
  /** The row. It can contain changes of other requests, which were written together with these. */
  readonly entry: Entry
  /** The properties after the changes of the request, without those of others after it. */
  readonly texts: Texts
  /** Whether this write created the session. */
  readonly isCreated: boolean
  readonly isNewId: boolean
  /** The id that this write replaced. */
  readonly replaced: Identity | undefined
  /** Whether this write assigned the session to a user, by a login or in another way. */
  readonly assignsUser: boolean
  /** Whether a login joined the session of a parallel login. */
  readonly joins: boolean
  /**
   * When the request was opened, in epoch milliseconds; 0 for a write by `create` or `replace` of a
   * lifecycle.
   */
  readonly openedAt: number
  /** The `monotonic()` time by which the decision is needed. */
  readonly deadline: number
}

/** A user who is assigned to a session, by a login or in another way. */
export interface Assignment {
  /** The name under which the store finds the sessions of the user. */
  readonly userName: string
  /** When the user authenticated, in epoch milliseconds. By default when the request was opened. */
  readonly authenticatedAt: number
  /** The limit that the login gave for this user. */
  readonly maxPerUser: number | undefined
  /** Whether the login ends all other sessions of the user. */
  readonly revokesOthers: boolean
}

/** An assignment that is about to be written. */
export interface PlannedAssignment extends Assignment {
  /**
   * The handle of the session that the request has; `undefined` if the write starts one or joins
   * one.
   */
  readonly handle: string | undefined
  /** The `monotonic()` time by which the decision is needed. */
  readonly deadline: number
}

/** What the write of an assignment has to respect. */
export interface Admission {
  /** `createdAt` of the session is at least this time. */
  readonly createdFrom?: number
  /** Whether the write may join the session of a parallel login. Default: it may. */
  readonly mayJoin?: boolean
}

/** The reason why a write is withdrawn. */
export interface Objection {
  /** The error of the commit. */
  readonly error: Error
  /** Whether the commit runs again after a random pause, at most three times, before it fails. */
  readonly retry: boolean
  readonly reason: SessionEvents['login-withdrawn']['reason']
}

/** A session that was ended, or that had no row. */
export interface EndedSession {
  readonly key: string
  readonly handle: string
  /** The id that ended it; `undefined` if it was ended by its handle. */
  readonly identity?: Identity
  readonly reason: EndReason
  /** The `monotonic()` time by which the call has to end. */
  readonly deadline: number
}

/** All sessions of an index were ended, such as those of a user, except the key `except`. */
export interface EndedIndex {
  readonly index: IndexName
  readonly name: string
  readonly except: string | undefined
  readonly reason: EndReason
  readonly deadline: number
}

/**
 * Takes part in the life of the sessions of one manager: after a load, before and after a write,
 * and after an end. Every method is optional. An error that one throws fails the operation of the
 * request.
 */
export interface Lifecycle {
  /** The option that needs a store whose rows stay until they expire. Other stores are refused. */
  readonly lastingRowsFor?: string
  /** Called with what was read from the store, before the session is used. */
  afterLoad?(loaded: LoadedSession): Maybe<LoadDecision>
  /**
   * Called after a write was acknowledged and before its id is sent. An objection withdraws the
   * write: a session that it created ends; any other gets back the user it had. If the call
   * rejects, no id is sent, and the next commit of the request calls it again.
   */
  afterWrite?(written: WrittenSession): Maybe<Objection>
  /**
   * Called before a user is assigned to a session, so that a refused login writes nothing. Throws
   * `SessionEndedError` to refuse it. Only a check after the write is certain.
   */
  beforeAssign?(planned: PlannedAssignment): Maybe<Admission>
  /**
   * As `afterWrite`, for a write that assigned a user, or that ends the other sessions of its user.
   */
  afterAssign?(written: WrittenSession, assignment: Assignment): Maybe<Objection>
  /** Called after an end, also if there was no row. If it rejects, the end is repeated. */
  afterEnd?(ended: EndedSession | EndedIndex): void | Promise<void>
}

/** The row of a session that was added under a given identity. */
export interface GivenSession {
  readonly entry: Entry
  /** Whether this call added it. */
  readonly isCreated: boolean
}

/** The parts of the manager that a lifecycle uses. */
export interface LifecycleContext {
  readonly store: Required<Pick<Store, 'load' | 'create' | 'replace' | 'list'>>
  readonly now: () => number
  /**
   * Set for an operator who asks what would happen: what is written to the store is dropped, and a
   * lifecycle must not change anything else, such as another store.
   */
  readonly isDryRun: boolean
  /**
   * Adds a session under a given identity. If the key has a row, the result is that row, which may
   * be a tombstone or have another newest id. `undefined`: the session was ended, because its user
   * was revoked. Its user is checked again before a request uses the session.
   */
  create(identity: Identity, texts: Texts, deadline: number): Promise<GivenSession | undefined>
  /**
   * Replaces the properties of a session whose row is `entry`, and resolves to its new row.
   * `undefined`: the row was changed or ended in between, or ended by this call, because the
   * properties assign a user who was revoked. An assigned user is checked again before a request
   * uses the session.
   */
  replace(identity: Identity, entry: Entry, texts: Texts, deadline: number): Promise<Entry | undefined>
  /** Ends a session. Resolves to `false` if there was none. */
  end(session: EndedSession): Promise<boolean>
  /** Ends all sessions of a user but one, by the name of the index. Resolves to their number. */
  endAll(userName: string, except: string | undefined): Promise<number>
}

export type MakeLifecycle = (context: LifecycleContext) => Lifecycle

/** The methods of all lifecycles of a manager, in their order. */
export interface Lifecycles {
  readonly afterLoad: readonly ((loaded: LoadedSession) => Maybe<LoadDecision>)[]
  readonly afterWrite: readonly ((written: WrittenSession) => Maybe<Objection>)[]
  readonly beforeAssign: readonly ((planned: PlannedAssignment) => Maybe<Admission>)[]
  readonly afterAssign: readonly ((written: WrittenSession, assignment: Assignment) => Maybe<Objection>)[]
  readonly afterEnd: readonly ((ended: EndedSession | EndedIndex) => void | Promise<void>)[]
}

/**
 * `undefined` if there is no method, so that requests of such a manager only compare with
 * `undefined`.
 */
export function collectLifecycles(all: readonly Lifecycle[]): Lifecycles | undefined {
  const methods: Lifecycles = {
    afterLoad: all.flatMap((each) => each.afterLoad?.bind(each) ?? []),
    afterWrite: all.flatMap((each) => each.afterWrite?.bind(each) ?? []),
    beforeAssign: all.flatMap((each) => each.beforeAssign?.bind(each) ?? []),
    afterAssign: all.flatMap((each) => each.afterAssign?.bind(each) ?? []),
    afterEnd: all.flatMap((each) => each.afterEnd?.bind(each) ?? []),
  }
  return Object.values(methods).some(({ length }) => length > 0) ? methods : undefined
}
