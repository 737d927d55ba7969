import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { libraryOverCaches } from '../caches/cached-fixtures.ts'
import { type Anomaly, check } from '../checks/checker.ts'
import { OneMysqlTable } from '../processes/mysql-table.ts'
import { libraryOver, OneRedis, OneTable, oneFile, oneMemory } from './fixtures.ts'
import { scenario } from '../scenario/generator.ts'
import { type MakeWorld, simulate } from './simulate.ts'

/** Of a server the URL. */
export type StoreName = 'memory' | 'sqlite' | `cached-${CacheName}` | `${ServerScheme}${string}`

type ServerScheme = 'postgres:' | 'mysql:' | 'redis:'

/** Caches in front of a memory: one that all processes share, that fails now and then too, or one each, that are told what to drop. */
export type CacheName = 'one' | 'failing' | 'each' | 'telling'

export const CACHES: readonly CacheName[] = ['one', 'failing', 'each', 'telling']

/** Where runs keep their sessions, each anew. */
const PLACES: Readonly<Record<ServerScheme, typeof OneTable | typeof OneMysqlTable | typeof OneRedis>> = {
  'postgres:': OneTable,
  'mysql:': OneMysqlTable,
  'redis:': OneRedis,
}

/** What became of a row of seeds. */
export interface Tally {
  readonly seeds: number
  requests: number
  /** Answers by error code, `ok` among them. */
  readonly answers: Record<string, number>
  readonly failed: { readonly seed: number; readonly anomalies: readonly Anomaly[] }[]
}

/** Runs seeds one after the other in this process. */
export async function campaign(
  store: StoreName,
  seeds: Iterable<number>,
  tell: (tally: Tally, done: number) => void = () => undefined,
): Promise<Tally> {
  if (store === 'memory') return runAll(libraryOver(oneMemory), [...seeds], tell)
  const caches = CACHES.find((name) => store === `cached-${name}`)
  if (caches !== undefined) return runAll(libraryOverCaches(caches), [...seeds], tell)
  if (store !== 'sqlite') return onServer(store, [...seeds], tell)
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-proof-'))
  try {
    return await runAll(libraryOver(oneFile(folder)), [...seeds], tell)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function onServer(url: string, seeds: readonly number[], tell: (tally: Tally, done: number) => void): Promise<Tally> {
  const place = new PLACES[/^\w+:/.exec(url)?.[0] as ServerScheme](url)
  try {
    return await runAll(libraryOver(place.open), seeds, tell)
  } finally {
    await place.end()
  }
}

async function runAll(world: MakeWorld, seeds: readonly number[], tell: (tally: Tally, done: number) => void): Promise<Tally> {
  const tally: Tally = { seeds: seeds.length, requests: 0, answers: {}, failed: [] }
  for (const [done, seed] of seeds.entries()) {
    const history = await simulate(scenario(seed), world)
    const anomalies = check(history)
    tally.requests += history.exchanges.length
    for (const { code = 'ok' } of history.exchanges) tally.answers[code] = (tally.answers[code] ?? 0) + 1
    if (anomalies.length > 0) tally.failed.push({ seed, anomalies })
    tell(tally, done + 1)
  }
  return tally
}

/** Seeds from one on. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** What to show of failures: each with the command that plays it again. */
export function told({ failed }: Tally, store: StoreName): string {
  return failed
    .slice(0, 5)
    .map(
      ({ seed, anomalies }) => `seed ${seed}: ${anomalies
        .slice(0, 3)
        .map(({ name, request, detail }) => `${name} (request ${request}): ${detail}`)
        .join('; ')}
  play it again: npm run proof -- --store ${store.replace(/:.*/, '')} --seed ${seed}`,
    )
    .join('\n')
}
