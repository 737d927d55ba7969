import { DatabaseSync } from 'node:sqlite'
import { openPool, openRedis, type StoreLocation, type StoreName, sqliteFile } from './connections.ts'

/** A session as the hand-written server stores it. */
export interface Row {
  readonly data: string
  readonly version: number
}

/**
 * The minimum of a store: one read, one insert, and one write that takes effect only if the version
 * is unchanged.
 */
export interface HandWrittenStore {
  get(id: string): Row | undefined | Promise<Row | undefined>
  insert(id: string, data: string): unknown
  swap(id: string, data: string, version: number): unknown
}

/**
 * The floor: raw drivers without expiry, hashes, retries and timeouts. It does not check whether a
 * write took effect.
 */
export async function handWrittenStore(store: StoreName | 'cookie', location: StoreLocation): Promise<HandWrittenStore> {
  switch (store) {
    case 'cookie':
      throw new Error('handWrittenStore: a cookie has no store; fix the row in candidates.ts')
    case 'memory':
      return inMemory()
    case 'sqlite':
    case 'sqlite-full':
      return inSqlite(location, store === 'sqlite-full')
    case 'redis':
      return inRedis(location)
    case 'postgres':
      return inPostgres(location)
  }
}

function inMemory(): HandWrittenStore {
  const rows = new Map<string, Row>()
  return {
    get: (id) => rows.get(id),
    insert: (id, data) => rows.set(id, { data, version: 1 }),
    swap: (id, data, version) => rows.get(id)?.version === version && rows.set(id, { data, version: version + 1 }),
  }
}

function inSqlite(location: StoreLocation, full: boolean): HandWrittenStore {
  const database = new DatabaseSync(sqliteFile(location))
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${full ? 'FULL' : 'NORMAL'}`)
  database.exec('CREATE TABLE sessions (id TEXT PRIMARY KEY, version INTEGER NOT NULL, data TEXT NOT NULL)')
  const get = database.prepare('SELECT data, version FROM sessions WHERE id = ?')
  const insert = database.prepare('INSERT INTO sessions VALUES (?, 1, ?)')
  const swap = database.prepare('UPDATE sessions SET data = ?, version = version + 1 WHERE id = ? AND version = ?')
  return {
    get: (id) => get.get(id) as Row | undefined,
    insert: (id, data) => insert.run(id, data),
    swap: (id, data, version) => swap.run(data, id, version),
  }
}

/** The value is the version in eight digits, followed by the data. */
const SWAP = `local row = redis.call('GETRANGE', KEYS[1], 0, 7)
if row == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) return 1 end
return 0`

async function inRedis(location: StoreLocation): Promise<HandWrittenStore> {
  const client = await openRedis(location)
  const sha = await client.scriptLoad(SWAP)
  const key = (id: string): string => `${location.name}:${id}`
  const versioned = (version: number): string => String(version).padStart(8, '0')
  return {
    async get(id) {
      const row = await client.get(key(id))
      return row === null ? undefined : { data: row.slice(8), version: Number(row.slice(0, 8)) }
    },
    insert: (id, data) => client.set(key(id), versioned(1) + data, { condition: 'NX' }),
    swap: (id, data, version) => client.evalSha(sha, { keys: [key(id)], arguments: [versioned(version), versioned(version + 1) + data] }),
  }
}

async function inPostgres(location: StoreLocation): Promise<HandWrittenStore> {
  const pool = await openPool(location)
  const { name } = location
  await pool.query(`CREATE TABLE ${name} (id TEXT PRIMARY KEY, version INTEGER NOT NULL, data TEXT NOT NULL)`)
  const text = `UPDATE ${name} SET data = $1, version = version + 1 WHERE id = $2 AND version = $3`
  return {
    get: async (id) => (await pool.query({ name: 'get', text: `SELECT data, version FROM ${name} WHERE id = $1`, values: [id] })).rows[0],
    insert: (id, data) => pool.query({ name: 'insert', text: `INSERT INTO ${name} VALUES ($1, 1, $2)`, values: [id, data] }),
    swap: (id, data, version) => pool.query({ name: 'swap', text, values: [data, id, version] }),
  }
}
