import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Store } from '../../src/core/store.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { SqliteStore } from '../../src/stores/sqlite.ts'
import type { MakeWorld, Tools, World } from './simulate.ts'
import { type Subject, sojourn } from './subject.ts'
import { WatchedStore } from './watched-store.ts'
import { WeatherStore } from './weather-store.ts'

/** Breaks a store in one way; each process has its own. */
export type Wrap = (store: Store) => Store

/** The library over stores: each process over its own connection, all of them to the same rows. */
export function libraryOver(stores: (processes: number) => readonly Store[], wrap: Wrap = (store) => store): MakeWorld {
  return function make(tools: Tools): World {
    const { scenario, random, clock } = tools
    const inner = stores(scenario.processes)
    const watched = inner.map((store) => new WatchedStore(store, scenario))
    const [first] = watched as [WatchedStore]
    const options = { idle: scenario.idle / 1000, absolute: scenario.absolute / 1000 }
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
