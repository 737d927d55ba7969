import { formatValue } from '../core/base/format.ts'
import { ignore } from '../core/base/ignore.ts'
import { aFunction, checkOptions, type OptionTable } from '../core/base/option-checks.ts'
import { results } from '../core/store/results.ts'
import type {
  Capabilities,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Operation,
  Page,
  Refused,
  Replace,
  Store,
  StoreDescription,
  Touch,
  Written,
} from '../core/store/store.ts'
import type { RedisClient } from './redis/redis-client.ts'
import { connectionThrough, type RedisConnection } from './redis/redis-connection.ts'
import { describeRedis } from './redis/redis-description.ts'
import { warnOfEviction } from './redis/redis-eviction.ts'
import { scanPage, userPage } from './redis/redis-pages.ts'
import {
  formatBody,
  formatRecord,
  formatTimestamp,
  formatUser,
  formatVersion,
  isRecord,
  parseRecord,
  UNLISTED,
} from './redis/redis-record.ts'
import { type RedisCall, RedisRows } from './redis/redis-rows.ts'
import { REPLACE, TOUCH } from './redis/redis-scripts.ts'
import { RedisUsers } from './redis/redis-users.ts'
import { warn } from './shared/store-options.ts'

export type { IoRedis, IoRedisCluster, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel, RedisClient } from './redis/redis-client.ts'

/** Options of `RedisStore`. */
export interface RedisStoreOptions {
  /**
   * A connected client, cluster or sentinel of `redis`, or a `Redis` or `Cluster` of `ioredis`. The
   * application closes it; `close()` of the store does not.
   */
  readonly client: RedisClient
  /** The prefix of all keys in Redis. Default `'sojourn:'`. */
  readonly prefix?: string
  /**
   * Called once with a text if Redis evicts keys, and with them sessions, when its memory is full.
   * Default: `console.warn`.
   */
  readonly onWarning?: (message: string) => void
}

/**
 * Keeps sessions in Redis 6 or later, or Valkey: on one server, behind Sentinels or in a Cluster.
 *
 * ```ts
 * app.use(session({ store: new RedisStore({ client: await createClient({ url }).connect() }) }))
 * app.use(session({ store: new RedisStore({ client: new Redis(url), prefix: 'shop:' }) }))
 * ```
 *
 * Redis deletes a row itself, an hour after its session has expired, so there is no `clearExpired`.
 * `list` without a user scans every key of the database.
 *
 * When a server fails, Redis may lose writes it has acknowledged, logouts too: those that the
 * replica that replaces it had not received.
 *
 * @throws ConfigError when an option is invalid. Errors of the server are `StoreError`s of the
 * first operation.
 */
export class RedisStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false }
  readonly #rows: RedisRows
  readonly #users: RedisUsers
  readonly #creations = new Map<string, Promise<unknown>>()

  constructor(options: RedisStoreOptions) {
    const { client, prefix = 'sojourn:', onWarning = warn } = checkOptions(options, OPTIONS)
    const connection = connectionThrough(client) as RedisConnection
    this.#rows = new RedisRows(connection, prefix, () => void warnOfEviction(connection, onWarning).catch(ignore))
    this.#users = new RedisUsers(this.#rows)
  }

  /**
   * With `fresh` it waits for a pending `create` of the key, because the client may be about to
   * send it again.
   */
  async load({ key, now, fresh, probe, deadline }: Load): Promise<Entry | undefined> {
    if (fresh === true) await this.#creations.get(key)
    const entry = await this.#rows.read({ operation: 'load', probe, deadline }, key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const creation = this.#create({ operation: 'create', deadline }, key, entry)
    const settled = creation.then(ignore, ignore)
    this.#creations.set(key, settled)
    try {
      return await creation
    } finally {
      if (this.#creations.get(key) === settled) this.#creations.delete(key)
    }
  }

  async replace(operation: Replace): Promise<Written | Refused> {
    const { key, entry, now, deadline } = operation
    const call: RedisCall = { operation: 'replace', deadline }
    let reply = await this.#replace(call, operation, entry.userId === undefined ? UNLISTED : '')
    if (reply === 'unlisted') reply = await this.#replace(call, operation, await this.#addToList(call, key, entry, now))
    if (isRecord(reply)) return results.stale(parseRecord(reply))
    return reply === 'written' ? results.written : results.missing
  }

  async touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    const call: RedisCall = { operation: 'touch', deadline }
    const touch = async (listed: string): Promise<string> => {
      const times = [formatTimestamp(now), formatVersion(expected), formatTimestamp(expiresAt)]
      return String(await this.#rows.run(call, TOUCH, key, [...times, listed, this.#rows.timeToLive(expiresAt, now)]))
    }
    let reply = await touch('')
    if (isRecord(reply)) reply = await touch(await this.#addToList(call, key, { ...parseRecord(reply), expiresAt }, now))
    return reply === 'touched'
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    return Number(await this.#rows.send({ operation: 'delete', deadline }, key, ['del'])) > 0
  }

  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return this.#users.endSessions(operation)
  }

  async list({ now, name: userId, limit = 100, cursor, deadline }: List): Promise<Page> {
    const maxEntries = Math.max(1, limit)
    if (userId === undefined) return scanPage(this.#rows, now, maxEntries, cursor)
    return userPage(this.#rows, this.#users, userId, { call: { operation: 'list', deadline }, now, limit: maxEntries, cursor })
  }

  describe(operation: Operation = {}): Promise<StoreDescription> {
    return describeRedis(this.#rows, operation)
  }

  /** Does nothing, because the client belongs to the application. */
  async close(): Promise<void> {
    // Another store may use the client.
  }

  async #create(call: RedisCall, key: string, entry: Entry): Promise<Written | Refused> {
    const listed = await this.#addToList(call, key, entry, entry.seenAt)
    const reply = await this.#rows.send(
      call,
      key,
      ['set'],
      [formatRecord(entry, listed), 'NX', 'PX', this.#rows.timeToLive(entry.expiresAt, entry.seenAt)],
    )
    return reply === 'OK' ? results.written : results.taken
  }

  async #replace(call: RedisCall, { key, entry, expected, now }: Replace, listed: string): Promise<string> {
    const times = formatTimestamp(entry.expiresAt) + formatTimestamp(entry.seenAt)
    const ttl = this.#rows.timeToLive(entry.expiresAt, now)
    const args = [formatTimestamp(now), formatVersion(expected), formatUser(entry.userId), times, listed, formatBody(entry), ttl]
    return String(await this.#rows.run(call, REPLACE, key, args))
  }

  /**
   * Adds the session to the list of its user. Returns the time until which it stays there,
   * formatted.
   */
  async #addToList(call: RedisCall, key: string, { userId, expiresAt }: Entry, now: number): Promise<string> {
    return userId === undefined ? UNLISTED : this.#users.add(call, key, { userId, now, expiresAt })
  }
}

const OPTIONS: OptionTable = {
  owner: 'RedisStore',
  required: ['client'],
  checks: {
    client: (client) =>
      connectionThrough(client as RedisClient) === undefined
        ? 'pass a client of `redis` or `ioredis`: `new RedisStore({ client })`'
        : (refuseReplicas(client as ClientWithOptions) ?? refuseHashTag((client as ClientWithOptions).options?.keyPrefix)),
    prefix: (prefix) => (typeof prefix === 'string' && prefix.isWellFormed() ? refuseHashTag(prefix) : "pass a text: `'shop:'`"),
    onWarning: aFunction,
  },
}

interface ClientWithOptions {
  readonly options?: { readonly scaleReads?: unknown; readonly keyPrefix?: unknown }
}

/**
 * A Cluster would keep all sessions on one server: it chooses the server of a key by the text in
 * braces.
 */
function refuseHashTag(prefix: unknown): string | undefined {
  const [tag] = /^[^{]*\{[^}]+\}/.exec(typeof prefix === 'string' ? prefix : '') ?? []
  return tag === undefined
    ? undefined
    : `the prefix of the keys contains the hash tag ${formatValue(tag)}, so a Cluster would keep all sessions on one server; leave out the braces`
}

/** A read from a replica may return an older state than an earlier read of the same visitor. */
function refuseReplicas({ options = {} }: ClientWithOptions): string | undefined {
  const { scaleReads = 'master' } = options
  return scaleReads === 'master' ? undefined : "create the Cluster with `scaleReads: 'master'`, because replicas return old data"
}
