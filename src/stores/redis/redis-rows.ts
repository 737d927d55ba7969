import { HOUR } from '../../core/base/duration.ts'
import type { StoreOperation } from '../../core/base/errors.ts'
import type { Entry } from '../../core/store/store.ts'
import { toUtf8Text } from '../shared/utf8-text.ts'
import type { SendOptions } from './deadline-client.ts'
import type { RedisConnection, RedisNode } from './redis-connection.ts'
import { attempt } from './redis-errors.ts'
import { parseRecord } from './redis-record.ts'
import { type RedisScript, runScript } from './redis-scripts.ts'

/**
 * Redis keeps a row an hour longer than its session. Sessions expire by the clocks of the
 * application's processes. If the clocks differ, a session must still be there for the process
 * with the slowest clock.
 */
const EXPIRY_MARGIN = HOUR

/** The operation a command is sent for. */
export interface RedisCall extends SendOptions {
  readonly operation: StoreOperation
}

/** The rows and user lists by their names in Redis. All errors are `StoreError`s. */
export class RedisRows {
  readonly #connection: RedisConnection
  readonly #sessions: string
  readonly #users: string
  #onFirstReply: (() => void) | undefined

  constructor(connection: RedisConnection, prefix: string, onFirstReply: () => void) {
    this.#connection = connection
    this.#sessions = `${prefix}session:`
    this.#users = `${prefix}user:`
    this.#onFirstReply = onFirstReply
  }

  /** Sends a command about the row of a session: `before`, the name of the row, `after`. */
  send(call: RedisCall, key: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(call, this.#sessions + toUtf8Text(key), before, after)
  }

  /** Sends a command about the list of a user. */
  sendForUser(call: RedisCall, userId: string, before: readonly string[], after: readonly string[] = []): Promise<unknown> {
    return this.#send(call, this.#users + toUtf8Text(userId), before, after)
  }

  run(call: RedisCall, script: RedisScript, key: string, args: readonly string[]): Promise<unknown> {
    return this.#run(call, script, this.#sessions + toUtf8Text(key), args)
  }

  runForUser(call: RedisCall, script: RedisScript, userId: string, args: readonly string[]): Promise<unknown> {
    return this.#run(call, script, this.#users + toUtf8Text(userId), args)
  }

  async read(call: RedisCall, key: string): Promise<Entry | undefined> {
    const record = await this.send(call, key, ['get'])
    return typeof record === 'string' ? parseRecord(record) : undefined
  }

  /** The servers that hold the rows, and the prefix of all rows on them. */
  scanTargets(): { readonly nodes: readonly RedisNode[]; readonly prefix: string } {
    return { nodes: this.#connection.nodes(), prefix: this.#connection.keyPrefix + this.#sessions }
  }

  sendTo(call: RedisCall, node: RedisNode, args: string[]): Promise<unknown> {
    return this.#attempt(call, () => node.send(args))
  }

  /** Returns the milliseconds for which Redis keeps data that is needed until `expiresAt`. */
  timeToLive(expiresAt: number, now: number): string {
    return String(Math.max(0, expiresAt - now) + EXPIRY_MARGIN)
  }

  #send(call: RedisCall, name: string, before: readonly string[], after: readonly string[]): Promise<unknown> {
    return this.#attempt(call, () => this.#connection.send(name, [...before, name, ...after], call))
  }

  #run(call: RedisCall, script: RedisScript, name: string, args: readonly string[]): Promise<unknown> {
    return this.#attempt(call, () => runScript(this.#connection, script, name, args, call))
  }

  async #attempt(call: RedisCall, command: () => Promise<unknown>): Promise<unknown> {
    const reply = await attempt(this.#connection, call.operation, command)
    this.#onFirstReply?.()
    this.#onFirstReply = undefined
    return reply
  }
}
