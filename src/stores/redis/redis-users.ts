import type { DeleteByIndex, Entry } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import { formatRecord, formatTimestamp, formatUser, UNLISTED } from './redis-record.ts'
import type { RedisCall, RedisRows } from './redis-rows.ts'
import { ADD_TO_LIST, END_OF_USER, READ_LIST, REMOVE_FROM_LIST } from './redis-scripts.ts'

/** One hour, the assumed maximum time of a request. */
const MAX_REQUEST = 3_600_000
/**
 * Half an hour. When the expiry of a session has moved by this much, the session is added to the
 * list again. Doing that with every write would cost too much. Doing it once is not enough, because
 * the list is on another server of a Cluster, which may have lost it.
 */
const RELIST_INTERVAL = 1_800_000
const MAX_TIMESTAMP = 8_640_000_000_000_000
/** Sessions that are ended at a time. */
const END_BATCH = 100

/** Without a deadline, because no request waits for it. */
const CLEANUP: RedisCall = { operation: 'list' }

/** A session to be added to its user's list. */
export interface Listing {
  readonly userId: string
  readonly now: number
  readonly expiresAt: number
}

/** A key in the list of a user, encoded, with its score. */
export interface ListMember {
  readonly member: string
  readonly score: string
}

/**
 * The sessions of each user: a sorted set of keys, scored by the time at which each was added. A
 * session is added before its row is written. So the list has all rows of the user, and in addition
 * keys that were never written, have ended, or belong to another user. Whether a session is deleted
 * or listed is therefore decided by its row. Such leftovers are removed when they are an hour old.
 */
export class RedisUsers {
  readonly #rows: RedisRows

  constructor(rows: RedisRows) {
    this.#rows = rows
  }

  /** Adds a session to its user's list. Returns the time until which it need not be added again. */
  async add(call: RedisCall, key: string, { userId, now, expiresAt }: Listing): Promise<string> {
    const listedUntil = Math.min(expiresAt + RELIST_INTERVAL, MAX_TIMESTAMP)
    const args = [String(now), toUtf8Text(key), this.#rows.timeToLive(listedUntil, now), String(Math.random())]
    const members = (await this.#rows.runForUser(call, ADD_TO_LIST, userId, args)) as string[]
    this.#removeLeftovers(userId, members, now).catch(() => undefined) // the list is correct with leftovers, and the next login tries again
    return formatTimestamp(listedUntil)
  }

  /** Returns up to `count` members of the user's list that come after the given one. */
  async read(call: RedisCall, userId: string, count: number, after?: ListMember): Promise<ListMember[]> {
    const args = [after?.score ?? '', after?.member ?? '', String(count)]
    const reply = (await this.#rows.runForUser(call, READ_LIST, userId, args)) as string[]
    return Array.from({ length: reply.length / 2 }, (_, index) => ({
      member: String(reply[2 * index]),
      score: String(reply[2 * index + 1]),
    }))
  }

  /** Ends the user's sessions, except the key `except`, and returns their number. */
  async endSessions({ name: userId, except, tombstone, deadline }: DeleteByIndex): Promise<number> {
    const call: RedisCall = { operation: 'deleteByIndex', deadline }
    const members = (await this.#rows.sendForUser(call, userId, ['zrange'], ['0', '-1'])) as string[]
    const keys = members.map(fromUtf8Text).filter((key) => key !== except)
    const args = [formatUser(userId), ...(tombstone === undefined ? ['', ''] : this.#recordOf(tombstone))]
    let ended = 0
    for (let at = 0; at < keys.length; at += END_BATCH) {
      const run = (key: string): Promise<unknown> => this.#rows.run(call, END_OF_USER, key, args)
      const replies = await Promise.all(keys.slice(at, at + END_BATCH).map(run))
      ended += replies.filter((reply) => reply === 'ended').length
    }
    return ended
  }

  /** Returns the record of a tombstone and the time for which Redis keeps it. */
  #recordOf(tombstone: Entry): readonly [record: string, ttl: string] {
    return [formatRecord(tombstone, UNLISTED), this.#rows.timeToLive(tombstone.expiresAt, tombstone.seenAt)]
  }

  /** Removes leftovers from a list. `members` alternates members and scores. */
  async #removeLeftovers(userId: string, members: readonly string[], now: number): Promise<void> {
    for (let at = 0; at + 1 < members.length; at += 2) {
      const [member = '', score = ''] = members.slice(at, at + 2)
      if (Number(score) > now - MAX_REQUEST) continue
      const row = await this.#rows.read(CLEANUP, fromUtf8Text(member))
      if (row?.userId !== userId) await this.#rows.runForUser(CLEANUP, REMOVE_FROM_LIST, userId, [member, score])
    }
  }
}
