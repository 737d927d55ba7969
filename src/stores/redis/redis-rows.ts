import type { StoreOperation } from '../../core/base/errors.ts'
import type { Entry } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'
import type { RedisConnection, RedisNode } from './redis-client.ts'
import { attempt } from './redis-errors.ts'
import { entryOf } from './redis-record.ts'
import { type RedisScript, run } from './redis-scripts.ts'

/**
 * How much longer than a session Redis keeps its row: an hour. A session ends by the clocks of the application; should those of its processes
 * disagree, no session may be missing that one of them still holds for alive.
 */
const MARGIN = 3_600_000

/** What a command is sent for, and until when anybody waits for it. */
export interface RedisCall {
  readonly operation: StoreOperation
  /** See `Patience`. */
  readonly deadline?: number | undefined
}

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
  send(call: RedisCall, key: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(call, this.#sessions + toUtf8Text(key), before, after)
  }

  sendToUser(call: RedisCall, userId: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(call, this.#users + toUtf8Text(userId), before, after)
  }

  run(call: RedisCall, script: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#attempt(call, () => run(this.#connection, script, this.#sessions + toUtf8Text(key), args, call.deadline))
  }

  runOnUser(call: RedisCall, script: RedisScript, userId: string, args: readonly string[]): Promise<unknown> {
    return this.#attempt(call, () => run(this.#connection, script, this.#users + toUtf8Text(userId), args, call.deadline))
  }

  async read(call: RedisCall, key: string): Promise<Entry | undefined> {
    const record = await this.send(call, key, ['get'])
    return typeof record === 'string' ? entryOf(record) : undefined
  }

  /** The servers that hold the rows, and how the name of every row begins there. */
  places(): { readonly nodes: readonly RedisNode[]; readonly start: string } {
    return { nodes: this.#connection.nodes(), start: this.#connection.keyPrefix + this.#sessions }
  }

  sendTo(call: RedisCall, node: RedisNode, args: string[]): Promise<unknown> {
    return this.#attempt(call, () => node.send(args))
  }

  /** The milliseconds for which Redis keeps what is needed until an instant. */
  timeToLive(deadline: number, now: number): string {
    return String(Math.max(0, deadline - now) + MARGIN)
  }

  memberOf(key: string): string {
    return toUtf8Text(key)
  }

  keyOfMember(member: string): string {
    return fromUtf8Text(member)
  }

  #send(call: RedisCall, name: string, before: readonly string[], after: readonly string[]): Promise<unknown> {
    return this.#attempt(call, () => this.#connection.send(name, [...before, name, ...after], call.deadline))
  }

  async #attempt(call: RedisCall, command: () => Promise<unknown>): Promise<unknown> {
    const reply = await attempt(this.#connection, call.operation, command)
    this.#onAnswer(this.#connection)
    return reply
  }
}
