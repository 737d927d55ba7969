import { rmSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { SessionOptions } from '../../../src/core/config/options.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { type PgPool, PostgresStore } from '../../../src/stores/postgres.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { WatchedStore } from '../faults/watched-store.ts'
import type { Scenario } from '../scenario/generator.ts'
import type { Fixture, FixtureContext, MakeFixture } from './simulate.ts'
import { type Subject, sojourn } from './subject.ts'

/** Breaks a store in one way; every process has its own wrapper. */
export type Wrap = (store: Store) => Store

/** The library over stores: each process has its own connection, all of them use the same rows. */
export function sojournOn(
  open: (processes: number, trackIo: FixtureContext['trackIo']) => readonly Store[],
  wrap: Wrap = (store) => store,
): MakeFixture {
  return function make(context: FixtureContext): Fixture {
    const { scenario, random, clock } = context
    const stores = open(scenario.processes, context.trackIo)
    const watched = stores.map((store) => new WatchedStore(store, scenario))
    const [first] = watched as [WatchedStore]
    const options = optionsOf(scenario)
    const process = (store: Store, index: number): Subject => {
      const processRandom = random.fork()
      return sojourn({ ...options, store, clock: clock(index), random: (size) => processRandom.bytes(size) }, scenario.merging)
    }
    const faulty = watched.map((store) => new FaultyStore(store, scenario.faultRates, random.fork()))
    return {
      subjects: faulty.map((store, index) => process(wrap(store), index)),
      observer: process(wrap(first), -1),
      rows: () => first.keys(),
      close: () => closeAll(stores),
      touches: () => watched.flatMap(({ touches }) => touches),
      lateRows: () => faulty.reduce((sum, { lateRows }) => sum + lateRows, 0),
    }
  }
}

/** The options of every manager of a run. */
export function optionsOf(scenario: Scenario): Pick<SessionOptions, 'idle' | 'absolute' | 'maxPerUser' | 'cycleId'> {
  const { idle, absolute, limit, maxIdAge } = scenario
  const lifetimes = { idle: `${idle}ms`, absolute: `${absolute}ms` } as const
  return { ...lifetimes, ...(limit !== undefined && { maxPerUser: limit }), ...(maxIdAge !== undefined && { cycleId: `${maxIdAge}ms` }) }
}

async function closeAll(stores: readonly Store[]): Promise<void> {
  for (const store of stores) await store.close?.()
}

/** All processes on one memory store, as if it were a database. */
export function memoryStores(processes: number): readonly Store[] {
  const store = new MemoryStore({ max: 1000 })
  return Array.from({ length: processes }, () => store)
}

/**
 * One SQLite file in a folder, recreated for every run. Each process has its own connection, and
 * every second one waits for the disk.
 */
export function sqliteStores(folder: string): (processes: number) => readonly Store[] {
  const path = join(folder, 'sessions.db')
  return function open(processes) {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    return Array.from(
      { length: processes },
      (_, index) => new SqliteStore({ database: path, durability: index % 2 === 0 ? 'normal' : 'full' }),
    )
  }
}

/** The rows of such a file, sealed. */
export function sealedStores(folder: string): (processes: number) => readonly Store[] {
  const open = sqliteStores(folder)
  return (processes) => open(processes).map((store) => new SealedStore({ store, secrets: 'a secret of more than thirty-two characters' }))
}

/**
 * A new table of PostgreSQL for every run. Each process has its own pool, and the pools use the
 * three isolation levels in turn.
 */
export class PostgresTable {
  readonly #url: string
  readonly #pools: pg.Pool[] = []
  #runs = 0

  constructor(url: string) {
    this.#url = url
  }

  readonly open = (processes: number, trackIo: FixtureContext['trackIo']): readonly Store[] => {
    this.#runs += 1
    const table = `run_${this.#runs}`
    return Array.from({ length: processes }, (_, index) => new PostgresStore({ pool: withTrackedIo(trackIo, this.#pool(index)), table }))
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
    // A server that stops before the last connection is closed emits an error.
    pool.on('error', () => undefined)
    this.#pools[index] = pool
    return pool
  }
}

function withTrackedIo(trackIo: FixtureContext['trackIo'], pool: pg.Pool): PgPool {
  return {
    async connect() {
      const client = await trackIo(pool.connect())
      return {
        on: (event, listener) => client.on(event, listener),
        removeListener: (event, listener) => client.removeListener(event, listener),
        release: (error) => client.release(error),
        query: (query) => trackIo(client.query<unknown[]>(query)),
      }
    },
  }
}
