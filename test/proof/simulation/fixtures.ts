import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { type PgPool, PostgresStore } from '../../../src/stores/postgres.ts'
import { type RedisClient, RedisStore } from '../../../src/stores/redis.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { WeatherStore } from '../faults/faulty-store.ts'
import { WatchedStore } from '../faults/watched-store.ts'
import type { MakeWorld, Tools, World } from './simulate.ts'
import { type Subject, sojourn } from './subject.ts'

/** Breaks a store in one way; each process has its own. */
export type Wrap = (store: Store) => Store

/** The library over stores: each process over its own connection, all of them to the same rows. */
export function libraryOver(
  stores: (processes: number, outside: Tools['outside']) => readonly Store[],
  wrap: Wrap = (store) => store,
): MakeWorld {
  return function make(tools: Tools): World {
    const { scenario, random, clock, outside: real } = tools
    const inner = stores(scenario.processes, real)
    const watched = inner.map((store) => new WatchedStore(store, scenario))
    const [first] = watched as [WatchedStore]
    const options = { idle: `${scenario.idle}ms`, absolute: `${scenario.absolute}ms` } as const
    const process = (store: Store, index: number): Subject => {
      const own = random.fork()
      return sojourn({ ...options, store, clock: clock(index), random: (size) => own.bytes(size) })
    }
    const outside = watched.map((store) => new WeatherStore(store, scenario.weather, random.fork()))
    return {
      subjects: outside.map((store, index) => process(wrap(store), index)),
      onlooker: process(wrap(first), -1),
      rows: () => first.keys(),
      close: () => closeAll(inner),
      touches: () => watched.flatMap(({ touches }) => touches),
      lateRows: () => outside.reduce((sum, { lateRows }) => sum + lateRows, 0),
    }
  }
}

async function closeAll(stores: readonly Store[]): Promise<void> {
  for (const store of stores) await store.close?.()
}

/** All processes on one memory, as if it were a database. */
export function oneMemory(processes: number): readonly Store[] {
  const store = new MemoryStore()
  return Array.from({ length: processes }, () => store)
}

/** One SQLite file in a folder, anew for every run; each process with a connection of its own, every second one waiting for the disk. */
export function oneFile(folder: string): (processes: number) => readonly Store[] {
  const path = join(folder, 'sessions.db')
  return function open(processes) {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    return Array.from(
      { length: processes },
      (_, index) => new SqliteStore({ database: path, durability: index % 2 === 0 ? 'normal' : 'full' }),
    )
  }
}

/** One table of PostgreSQL, anew for every run; each process with a pool of its own, every third one in another isolation level. */
export class OneTable {
  readonly #url: string
  readonly #pools: pg.Pool[] = []
  #runs = 0

  constructor(url: string) {
    this.#url = url
  }

  readonly open = (processes: number, outside: Tools['outside']): readonly Store[] => {
    this.#runs += 1
    const table = `run_${this.#runs}`
    return Array.from({ length: processes }, (_, index) => new PostgresStore({ pool: heldBy(outside, this.#pool(index)), table }))
  }

  async end(): Promise<void> {
    const [pool] = this.#pools
    for (let run = 1; run <= this.#runs; run++) await pool?.query(`DROP TABLE IF EXISTS run_${run}`)
    await Promise.all(this.#pools.map((each) => each.end()))
  }

  #pool(index: number): pg.Pool {
    const isolation = ['read\\ committed', 'repeatable\\ read', 'serializable'][index % 3] ?? ''
    const options = `-c default_transaction_isolation=${isolation}`
    const known = this.#pools[index]
    if (known !== undefined) return known
    const pool = new pg.Pool({ connectionString: this.#url, options, max: 4, idleTimeoutMillis: 0 })
    // A server that ends before the last connection is closed tells so.
    pool.on('error', () => undefined)
    this.#pools[index] = pool
    return pool
  }
}

function heldBy(outside: Tools['outside'], pool: pg.Pool): PgPool {
  return {
    async connect() {
      const client = await outside(pool.connect())
      return {
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (error) => client.release(error),
        query: (query) => outside(client.query<unknown[]>(query)),
      }
    },
  }
}

/** One Redis, under another prefix for every run; each process with a client of its own, every second one of the other library. */
export class OneRedis {
  readonly #url: string
  readonly #clients: Client[] = []
  #runs = 0

  constructor(url: string) {
    this.#url = url
  }

  readonly open = (processes: number, outside: Tools['outside']): readonly Store[] => {
    this.#runs += 1
    const prefix = `run_${this.#runs}:`
    return Array.from({ length: processes }, (_, index) => new RedisStore({ client: this.#client(index).heldBy(outside), prefix }))
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.end()
  }

  #client(index: number): Client {
    this.#clients[index] ??= index % 2 === 0 ? ioRedis(this.#url) : nodeRedis(this.#url)
    return this.#clients[index]
  }
}

interface Client {
  heldBy(outside: Tools['outside']): RedisClient
  end(): void
}

function ioRedis(url: string): Client {
  const client = new Redis(url)
  return {
    heldBy: (outside) => ({ status: '', options: {}, on: () => undefined, call: (name, args) => outside(client.call(name, args)) }),
    end: () => client.disconnect(),
  }
}

function nodeRedis(url: string): Client {
  const client = createClient({ url })
  client.connect().catch(() => undefined)
  return {
    heldBy: (outside) => ({ sendCommand: (args: string[], options?: object) => outside(client.sendCommand(args, options)) }),
    end: () => client.destroy(),
  }
}
