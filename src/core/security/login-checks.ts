import { backoff, monotonic } from '../base/clock.ts'
import { BusyError, CommitUnknownError, SessionEndedError, StoreError } from '../base/errors.ts'
import type { Engine } from '../config/engine.ts'
import type {
  Admission,
  Assignment,
  Lifecycle,
  LifecycleContext,
  MakeLifecycle,
  Objection,
  PlannedAssignment,
  WrittenSession,
} from '../config/lifecycle.ts'
import { findsUsers } from '../config/user-sessions.ts'
import { isRevoked, type Marks, marksOf } from './marks.ts'
import { createdTimes } from './user-list.ts'

type CheckContext = Pick<LifecycleContext, 'store' | 'now' | 'end' | 'endAll'>

/** The checks of a manager; none if its store cannot keep marks. */
export function loginChecks(engine: Engine, maxPerUser: number | undefined): readonly MakeLifecycle[] {
  if (!findsUsers(engine.capabilities)) return []
  return [(context) => new LoginChecks(context, marksOf(engine, context.store) as Marks, maxPerUser)]
}

/**
 * Checks the commits that assign a user, against the revocations of the user and the limit of
 * sessions. A login is written first and checked then, and its id is sent only after that. Of a
 * login and a revocation, or of two logins, at least one therefore sees the other, without locks or
 * transactions. The checks before the write save a row that the check after it would remove.
 */
class LoginChecks implements Lifecycle {
  readonly #context: CheckContext
  readonly #marks: Marks
  readonly #maxPerUser: number | undefined

  constructor(context: CheckContext, marks: Marks, maxPerUser: number | undefined) {
    this.#context = context
    this.#marks = marks
    this.#maxPerUser = maxPerUser
  }

  /**
   * Without the check of the marks, a login that will be withdrawn counts as a session for a
   * moment, and another login ends itself for it. Without the list, the clocks of processes decide
   * which of two logins one after another is older.
   */
  async beforeAssign(planned: PlannedAssignment): Promise<Admission> {
    const { userName, authenticatedAt, handle, deadline } = planned
    const limit = this.#limitOf(planned)
    const [marks, others] = await Promise.all([
      this.#marks.of(userName, deadline),
      limit === undefined ? undefined : createdTimes(this.#context, userName, deadline),
    ])
    if (isRevoked(marks, authenticatedAt, handle)) throw new SessionEndedError('revoked')
    const mayJoin = !isRevoked(marks, authenticatedAt, undefined)
    const newest = Math.max(...[...(others ?? [])].filter(([key]) => key !== handle).map(([, createdAt]) => createdAt))
    return { mayJoin, ...(Number.isFinite(newest) && { createdFrom: newest + 1 }) }
  }

  /**
   * Rejects with `CommitUnknownError` if the store fails, because the login is in the store and its
   * id is not sent.
   */
  async afterAssign(written: WrittenSession, assignment: Assignment): Promise<Objection | undefined> {
    try {
      return await this.#check(written, assignment)
    } catch (error) {
      throw error instanceof StoreError || error instanceof BusyError ? new CommitUnknownError(error) : error
    }
  }

  /**
   * A login that joined a session is not withdrawn, because the session is that of another login.
   * If it is refused, the call rejects, and its id is never sent. The other login may still be
   * running, so that its own check has not refused it yet.
   */
  async #check(written: WrittenSession, assignment: Assignment): Promise<Objection | undefined> {
    const { identity, joins, assignsUser, deadline } = written
    const { userName, authenticatedAt } = assignment
    const { handle, key } = identity
    if (assignment.revokesOthers) {
      await this.#marks.add('user', userName, handle, deadline)
      await this.#context.endAll(userName, key)
    }
    if (!assignsUser && !joins) return undefined
    const marks = await repeated(deadline, () => this.#marks.of(userName, deadline))
    const isOver = isRevoked(marks, authenticatedAt, joins ? undefined : handle)
    const found = isOver ? objection('revoked') : await this.#checkLimit(written, assignment)
    if (joins && found !== undefined) throw found.error
    return found
  }

  /**
   * Ends the sessions beyond the limit, the oldest first. The login that lists last sees the
   * sessions of all others, so at most the limit is left.
   */
  async #checkLimit({ identity, entry, deadline }: WrittenSession, assignment: Assignment): Promise<Objection | undefined> {
    const limit = this.#limitOf(assignment)
    if (limit === undefined) return undefined
    const { key: own } = identity
    const listed = await repeated(deadline, () => createdTimes(this.#context, assignment.userName, deadline))
    const times = new Map([[own, entry.createdAt], ...listed]) // another login may have ended it already
    const newestFirst = [...times].sort(([keyA, a], [keyB, b]) => b - a || (keyA < keyB ? 1 : -1)).map(([key]) => key)
    if (!newestFirst.slice(0, limit).includes(own)) return objection('limit')
    if (!listed.has(own)) throw new SessionEndedError('ended') // by a flush or a revocation
    const tooMany = newestFirst.slice(limit)
    await Promise.all(tooMany.map((key) => this.#context.end({ key, handle: key, reason: 'limit', deadline })))
    return undefined
  }

  #limitOf({ maxPerUser }: Assignment): number | undefined {
    return maxPerUser ?? this.#maxPerUser
  }
}

/**
 * Repeats a read until it succeeds or the deadline has passed. The session is in the store by then,
 * and its id is lost if the check fails.
 */
async function repeated<T>(deadline: number, read: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof StoreError) || monotonic() > deadline) throw error
      await backoff(tries)
    }
  }
}

function objection(reason: 'revoked' | 'limit'): Objection {
  return { error: new SessionEndedError(reason), retry: false, reason }
}
