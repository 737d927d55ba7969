import type { DeleteByIndex } from '../../core/store/store.ts'
import { instantText, userText } from './redis-record.ts'
import type { RedisCall, RedisRows } from './redis-rows.ts'
import { ADD_TO_LIST, DELETE_OF_USER, TAKE_FROM_LIST } from './redis-scripts.ts'

/** An hour: nobody is still at work on a request that began before. */
const LONGEST_REQUEST = 3_600_000
/**
 * Half an hour: when the expiry of a session has moved by so much, it is put in the list again. Not with every write, which would cost, and not
 * once for all: another server of a Cluster has the list, and may have lost it.
 */
const AGAIN = 1_800_000
const LAST_INSTANT = 8_640_000_000_000_000
/** How many sessions are deleted at a time. */
const TOGETHER = 100

/** Nobody waits for it. */
const TIDYING: RedisCall = { operation: 'list' }

/** How a session is put in its user's list. */
export interface Listing {
  readonly userId: string
  readonly now: number
  readonly expiresAt: number
}

/**
 * The sessions of each user: a sorted set of keys with the instant at which each was put there. A session is in the list before its row is
 * written, so the list has all rows, and also some that were never written, have ended or are somebody else's now: what is deleted or listed is
 * always judged by the row. Such a leftover is taken out when it has been there for an hour.
 */
export class RedisUsers {
  readonly #rows: RedisRows

  constructor(rows: RedisRows) {
    this.#rows = rows
  }

  /** Puts a session in its user's list, and answers until when it need not be put there again. */
  async add(call: RedisCall, key: string, { userId, now, expiresAt }: Listing): Promise<string> {
    const deadline = Math.min(expiresAt + AGAIN, LAST_INSTANT)
    const args = [String(now), this.#rows.memberOf(key), this.#rows.timeToLive(deadline, now), String(Math.random())]
    const others = (await this.#rows.runOnUser(call, ADD_TO_LIST, userId, args)) as string[]
    this.#tidy(userId, others, now).catch(ignore)
    return instantText(deadline)
  }

  /** The keys of the sessions that may be the user's, in order. */
  async keysOf(call: RedisCall, userId: string): Promise<string[]> {
    const members = (await this.#rows.sendToUser(call, userId, ['zrange'], ['0', '-1'])) as string[]
    return members.map((member) => this.#rows.keyOfMember(member)).sort()
  }

  /** Ends the user's sessions but for the key `except`; answers how many. */
  async deleteSessions({ name: userId, except, deadline }: DeleteByIndex): Promise<number> {
    const call: RedisCall = { operation: 'deleteByIndex', deadline }
    const keys = (await this.keysOf(call, userId)).filter((key) => key !== except)
    const user = userText(userId)
    let deleted = 0
    for (let at = 0; at < keys.length; at += TOGETHER) {
      const run = (key: string): Promise<unknown> => this.#rows.run(call, DELETE_OF_USER, key, [user])
      const replies = await Promise.all(keys.slice(at, at + TOGETHER).map(run))
      deleted += replies.filter((reply) => reply === 'deleted').length
    }
    return deleted
  }

  /** Takes leftovers out of a list, of those members that are given with their scores. */
  async #tidy(userId: string, members: readonly string[], now: number): Promise<void> {
    for (let at = 0; at + 1 < members.length; at += 2) {
      const [member = '', score = ''] = members.slice(at, at + 2)
      if (Number(score) > now - LONGEST_REQUEST) continue
      const row = await this.#rows.read(TIDYING, this.#rows.keyOfMember(member))
      if (row?.userId !== userId) await this.#rows.runOnUser(TIDYING, TAKE_FROM_LIST, userId, [member, score])
    }
  }
}

function ignore(): void {
  // There is always a next time, and the list is right with its leftovers.
}
