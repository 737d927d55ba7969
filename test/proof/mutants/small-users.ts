// The sessions of users in the small library. A login is checked and written in one atomic operation
// on the rows, so it needs no second check.
import { endSession } from './small-ids.ts'
import type { Flaw } from './small-library.ts'
import type { Row, SmallRows } from './small-rows.ts'

/** A login that is about to be written. */
export interface SmallLogin {
  readonly user: string
  readonly openedAt: number
  /** The session that the request has; `undefined` if the login starts one or joins one. */
  readonly family: string | undefined
}

class RefusedError extends Error {
  readonly code = 'ERR_SESSION_ENDED'
  readonly reason = 'revoked'
}

/** Throws if the user was revoked after the request of the login was opened. */
export function checkMarks({ marks }: SmallRows, { user, openedAt, family }: SmallLogin, flaw: Flaw): void {
  if (flaw === 'revocation without marks') return
  const isRevoked = marks.some((mark) => mark.user === user && openedAt <= mark.at && (family === undefined || family !== mark.except))
  if (isRevoked) throw new RefusedError()
}

/** The time from which a session of the user is newer than all others. */
export function newerThanAll({ rows }: SmallRows, user: string, now: number): number {
  return Math.max(now, ...sessionsOf(rows, user).map(([, { createdAt }]) => createdAt + 1))
}

/** Ends the sessions beyond the limit, the oldest first. */
export function endOldest({ rows }: SmallRows, user: string, limit: number | undefined, flaw: Flaw): void {
  if (limit === undefined) return
  const newestFirst = sessionsOf(rows, user).sort(([, one], [, other]) => other.createdAt - one.createdAt)
  const tooMany = flaw === 'limit that leaves one session' ? newestFirst.slice(1) : newestFirst.slice(limit)
  for (const [key] of tooMany) rows.delete(key)
}

/** Ends all sessions of a user except one, and remembers the time for the logins that are still running. */
export function revoke({ rows, marks }: SmallRows, user: string, except: string | undefined, now: number, flaw: Flaw): void {
  marks.push({ user, at: now, except })
  const spared = flaw === 'revocation that spares no session' ? undefined : except
  const leavesOtherId = flaw === 'revocation that leaves the id before a renewal'
  for (const [key] of sessionsOf(rows, user)) if (spared === undefined || !key.startsWith(spared)) endSession(rows, key, leavesOtherId)
}

function sessionsOf(rows: ReadonlyMap<string, Row>, user: string): (readonly [key: string, row: Row])[] {
  return [...rows].filter(([, { texts }]) => texts.get('userId') === JSON.stringify(user))
}
