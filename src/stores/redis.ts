import type {
  Capabilities,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Refused,
  Replace,
  Store,
  Touch,
  Version,
  Written,
} from '../core/store/store.ts'
import { connectionThrough, type RedisClient, type RedisConnection } from './redis/redis-client.ts'
import { warnOfEviction } from './redis/redis-eviction.ts'
import { pageOf, scanPage } from './redis/redis-pages.ts'
import { entryOf, instantText, isRecord, recordBody, userText, versionText } from './redis/redis-record.ts'
import { type RedisCall, RedisRows } from './redis/redis-rows.ts'
import { REPLACE, TOUCH } from './redis/redis-scripts.ts'
import { RedisUsers } from './redis/redis-users.ts'
import { invalidOption, refuseUnknownOptions } from './shared/check-options.ts'
import { answer } from './shared/results.ts'
import { warn } from './shared/warn.ts'

export type { IoRedis, IoRedisCluster, NodeRedisClient, NodeRedisCluster, NodeRedisSentinel, RedisClient } from './redis/redis-client.ts'

/** Which Redis a `RedisStore` keeps its sessions in, and how. */
export interface RedisStoreOptions {
  /**
   * A client, cluster or sentinel of `redis`, connected, or a `Redis` or `Cluster` of `ioredis`. It stays the application's: `close()` does
   * not end it.
   */
  readonly client: RedisClient
  /** What all names in Redis begin with. Default `sojourn:`. */
  readonly prefix?: string
  /** Is told once when Redis is set up to drop keys, and so sessions, when its memory is full. Default: `console.warn`. */
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
 * Redis drops expired sessions by itself, an hour late; there is no `clearExpired`. `list` without a user looks at every key of the database.
 *
 * What Redis has acknowledged it may still lose, a write as well as a logout, when a server fails and a replica takes its place that had not
 * received it yet.
 *
 * @throws ConfigError when an option cannot be used. Whatever is wrong with the server is a `StoreError` of the first operation.
 */
export class RedisStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false }
  readonly #rows: RedisRows
  readonly #users: RedisUsers
  readonly #creations = new Map<string, Promise<unknown>>()

  constructor(options: RedisStoreOptions) {
    const { connection, prefix, onWarning } = checked(options)
    this.#rows = new RedisRows(connection, prefix, once(warnOfEviction, onWarning))
    this.#users = new RedisUsers(this.#rows)
  }

  /** `fresh`: not before a `create` of the key is through; a client may be about to send it again. */
  async load({ key, now, fresh, deadline }: Load): Promise<Entry | undefined> {
    if (fresh === true) await this.#creations.get(key)
    const entry = await this.#rows.read({ operation: 'load', deadline }, key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  async create({ key, entry, deadline }: Create): Promise<Written | Refused> {
    const creation = this.#create({ operation: 'create', deadline }, key, entry)
    const through = creation.then(ignore, ignore)
    this.#creations.set(key, through)
    try {
      return await creation
    } finally {
      if (this.#creations.get(key) === through) this.#creations.delete(key)
    }
  }

  async replace({ key, entry, expected, now, deadline }: Replace): Promise<Written | Refused> {
    const call: RedisCall = { operation: 'replace', deadline }
    const listed = entry.userId === undefined ? UNLISTED : ''
    let reply = await this.#replace(call, key, entry, { expected, now, listed })
    if (reply === 'unlisted')
      reply = await this.#replace(call, key, entry, { expected, now, listed: await this.#list(call, key, entry, now) })
    if (isRecord(reply)) return answer.stale(entryOf(reply))
    return reply === 'written' ? answer.written : answer.missing
  }

  async touch({ key, expiresAt, expected, now, deadline }: Touch): Promise<boolean> {
    const call: RedisCall = { operation: 'touch', deadline }
    const touch = async (listed: string): Promise<string> => {
      const args = [instantText(now), versionText(expected), instantText(expiresAt), listed, this.#rows.timeToLive(expiresAt, now)]
      return String(await this.#rows.run(call, TOUCH, key, args))
    }
    let reply = await touch('')
    if (isRecord(reply)) reply = await touch(await this.#list(call, key, { ...entryOf(reply), expiresAt }, now))
    return reply === 'touched'
  }

  async delete({ key, deadline }: Keyed): Promise<boolean> {
    return Number(await this.#rows.send({ operation: 'delete', deadline }, key, ['del'])) > 0
  }

  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return this.#users.deleteSessions(operation)
  }

  async list({ now, name: userId, limit = 100, cursor, deadline }: List): Promise<Page> {
    const most = Math.max(1, limit)
    if (userId === undefined) return scanPage(this.#rows, now, most, cursor)
    const keys = await this.#users.keysOf({ operation: 'list', deadline }, userId)
    return pageOf(this.#rows, cursor === undefined ? keys : keys.filter((key) => key > cursor), now, most, userId)
  }

  /** Does nothing: the client is the application's. */
  async close(): Promise<void> {
    // A second store may use it, and the application other things.
  }

  async #create(call: RedisCall, key: string, entry: Entry): Promise<Written | Refused> {
    const listed = await this.#list(call, key, entry, entry.seenAt)
    const record = instantText(entry.expiresAt) + instantText(entry.seenAt) + listed + recordBody(entry)
    const reply = await this.#rows.send(call, key, ['set'], [record, 'NX', 'PX', this.#rows.timeToLive(entry.expiresAt, entry.seenAt)])
    return reply === 'OK' ? answer.written : answer.taken
  }

  async #replace(call: RedisCall, key: string, entry: Entry, { expected, now, listed }: Swap): Promise<string> {
    const instants = instantText(entry.expiresAt) + instantText(entry.seenAt)
    const ttl = this.#rows.timeToLive(entry.expiresAt, now)
    const args = [instantText(now), versionText(expected), userText(entry.userId), instants, listed, recordBody(entry), ttl]
    return String(await this.#rows.run(call, REPLACE, key, args))
  }

  /** Until when the list of the entry's user is there; it has the session from now on. */
  async #list(call: RedisCall, key: string, { userId, expiresAt }: Entry, now: number): Promise<string> {
    return userId === undefined ? UNLISTED : this.#users.add(call, key, { userId, now, expiresAt })
  }
}

interface Swap {
  readonly expected: Version
  readonly now: number
  readonly listed: string
}

/** In place of the instant until which the list of its user is there, for a session of nobody. */
const UNLISTED = instantText(0)

interface Checked {
  readonly connection: RedisConnection
  readonly prefix: string
  readonly onWarning: (message: string) => void
}

const OPTIONS = ['client', 'prefix', 'onWarning']

function checked(options: RedisStoreOptions): Checked {
  const given: Partial<RedisStoreOptions> = { ...options }
  const { client, prefix = 'sojourn:', onWarning = warn } = given
  const connection = client && connectionThrough(client)
  if (connection === undefined)
    throw invalidOption('RedisStore', 'client', client, 'Give a client of `redis` or `ioredis`: `new RedisStore({ client })`.')
  refuseUnknownOptions('RedisStore', given, OPTIONS)
  refuseReplicas(client as object)
  if (typeof prefix !== 'string' || !prefix.isWellFormed()) throw invalidOption('RedisStore', 'prefix', prefix, "Give a text: `'shop:'`.")
  if (typeof onWarning !== 'function') throw invalidOption('RedisStore', 'onWarning', onWarning, 'Give a function that takes a text.')
  return { connection, prefix, onWarning }
}

/** A read from a replica may be older than what the same visitor was answered before. */
function refuseReplicas(client: { readonly options?: { readonly scaleReads?: unknown } }): void {
  const { scaleReads = 'master' } = client.options ?? {}
  if (scaleReads !== 'master')
    throw invalidOption('RedisStore', 'client', scaleReads, "Its `scaleReads` has to be 'master': replicas answer what was, not what is.")
}

function once<T>(act: (connection: RedisConnection, argument: T) => Promise<void>, argument: T): (connection: RedisConnection) => void {
  let done = false
  return function first(connection) {
    if (done) return
    done = true
    act(connection, argument).catch(ignore)
  }
}

function ignore(): void {
  // Whoever asked hears of it.
}
