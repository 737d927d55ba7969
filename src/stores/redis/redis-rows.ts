import type { StoreOperation } from '../../core/errors.ts'
import type { Entry } from '../../core/store.ts'
import { fromSqlText, toSqlText } from '../sql/sql-text.ts'
import type { RedisConnection, RedisNode } from './redis-client.ts'
import { attempt } from './redis-errors.ts'
import { entryOf } from './redis-record.ts'
import { type RedisScript, run } from './redis-scripts.ts'

/**
 * How much longer than a session Redis keeps its row: an hour. A session ends by the clocks of the application; should those of its processes
 * disagree, no session may be missing that one of them still holds for alive.
 */
const MARGIN = 3_600_000

/** Rows and lists by their names in Redis. What it throws is a `StoreError`. */
export class RedisRows {
  readonly #connection: RedisConnection
  readonly #sessions: string
  readonly #users: string
  readonly #onAnswer: (connection: RedisConnection) => void

  constructor(connection: RedisConnection, prefix: string, onAnswer: (connection: RedisConnection) => void) {
    this.#connection = connection
    this.#sessions = `${prefix}session:`
    this.#users = `${prefix}user:`
    this.#onAnswer = onAnswer
  }

  /** Sends a command about the row of a session: `before`, its name, `after`. */
  send(operation: StoreOperation, key: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(operation, this.#sessions + toSqlText(key), before, after)
  }

  sendToUser(operation: StoreOperation, userId: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(operation, this.#users + toSqlText(userId), before, after)
  }

  run(operation: StoreOperation, script: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#attempt(operation, () => run(this.#connection, script, this.#sessions + toSqlText(key), args))
  }

  runOnUser(operation: StoreOperation, script: RedisScript, userId: string, args: readonly string[]): Promise<unknown> {
    return this.#attempt(operation, () => run(this.#connection, script, this.#users + toSqlText(userId), args))
  }

  async read(operation: StoreOperation, key: string): Promise<Entry | undefined> {
    const record = await this.send(operation, key, ['get'])
    return typeof record === 'string' ? entryOf(record) : undefined
  }

  /** The servers that hold the rows, and how the name of every row begins there. */
  places(): { readonly nodes: readonly RedisNode[]; readonly start: string } {
    return { nodes: this.#connection.nodes(), start: this.#connection.keyPrefix + this.#sessions }
  }

  sendTo(operation: StoreOperation, node: RedisNode, args: string[]): Promise<unknown> {
    return this.#attempt(operation, () => node.send(args))
  }

  /** The milliseconds for which Redis keeps what is needed until an instant. */
  timeToLive(until: number, now: number): string {
    return String(Math.max(0, until - now) + MARGIN)
  }

  memberOf(key: string): string {
    return toSqlText(key)
  }

  keyOfMember(member: string): string {
    return fromSqlText(member)
  }

  #send(operation: StoreOperation, name: string, before: readonly string[], after: readonly string[]): Promise<unknown> {
    return this.#attempt(operation, () => this.#connection.send(name, [...before, name, ...after]))
  }

  async #attempt(operation: StoreOperation, command: () => Promise<unknown>): Promise<unknown> {
    const reply = await attempt(this.#connection, operation, command)
    this.#onAnswer(this.#connection)
    return reply
  }
}
