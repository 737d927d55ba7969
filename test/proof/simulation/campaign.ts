import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sojournOnCaches } from '../caches/cached-fixtures.ts'
import { type Anomaly, check } from '../checks/checker.ts'
import { MysqlTable } from '../processes/mysql-table.ts'
import { generateScenario, type ScenarioOptions } from '../scenario/generator.ts'
import { memoryStores, PostgresTable, sealedStores, sojournOn, sqliteStores } from './fixtures.ts'
import { RedisPrefix } from './redis-prefix.ts'
import { type MakeFixture, simulate } from './simulate.ts'

/** A store by name (`sealed`: sealed rows in SQLite); a database server by its URL. */
export type StoreName = 'memory' | 'sqlite' | 'sealed' | `cached-${CacheName}` | `${ServerScheme}${string}`

type ServerScheme = 'postgres:' | 'mysql:' | 'redis:' | 'redis-cluster:'

/**
 * Caches in front of a memory store: `one` shared by all processes, `failing` (the same with
 * faults), one for `each` process, and `notified` (the same with invalidation messages).
 */
export type CacheName = 'one' | 'failing' | 'each' | 'notified'

export const CACHES: readonly CacheName[] = ['one', 'failing', 'each', 'notified']

/** Each run gets a new table or prefix on the server. */
const SERVERS: Readonly<Record<ServerScheme, typeof PostgresTable | typeof MysqlTable | typeof RedisPrefix>> = {
  'postgres:': PostgresTable,
  'mysql:': MysqlTable,
  'redis:': RedisPrefix,
  'redis-cluster:': RedisPrefix,
}

/** The results of several seeds. */
export interface SeedResults {
  readonly conditions: ScenarioOptions
  requests: number
  /** Responses by error code, with `ok` for successes. */
  readonly responses: Record<string, number>
  readonly failed: { readonly seed: number; readonly anomalies: readonly Anomaly[] }[]
}

/** Seeds to run, and the conditions of all of them. */
interface Campaign {
  readonly seeds: readonly number[]
  readonly conditions?: ScenarioOptions
  readonly onProgress?: (results: SeedResults, done: number) => void
}

/** Runs seeds one after the other in this process. */
export async function runSeeds(store: StoreName, campaign: Campaign): Promise<SeedResults> {
  if (store === 'memory') return runAll(sojournOn(memoryStores), campaign)
  const caches = CACHES.find((name) => store === `cached-${name}`)
  if (caches !== undefined) return runAll(sojournOnCaches(caches), campaign)
  if (store !== 'sqlite' && store !== 'sealed') return onServer(store, campaign)
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-proof-'))
  try {
    return await runAll(sojournOn((store === 'sealed' ? sealedStores : sqliteStores)(folder)), campaign)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function onServer(url: string, campaign: Campaign): Promise<SeedResults> {
  const server = new SERVERS[/^[\w-]+:/.exec(url)?.[0] as ServerScheme](url)
  try {
    return await runAll(sojournOn(server.open), campaign)
  } finally {
    await server.end()
  }
}

async function runAll(fixture: MakeFixture, { seeds, conditions = {}, onProgress }: Campaign): Promise<SeedResults> {
  const results: SeedResults = { conditions, requests: 0, responses: {}, failed: [] }
  for (const [done, seed] of seeds.entries()) {
    const history = await simulate(generateScenario(seed, conditions), fixture)
    const anomalies = check(history)
    results.requests += history.exchanges.length
    for (const { code = 'ok' } of history.exchanges) results.responses[code] = (results.responses[code] ?? 0) + 1
    if (anomalies.length > 0) results.failed.push({ seed, anomalies })
    onProgress?.(results, done + 1)
  }
  return results
}

/** Returns consecutive seeds. */
export function seedsFrom(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index)
}

/** Formats failures, each with the command that repeats it. */
export function formatFailures({ failed, conditions }: SeedResults, store: StoreName): string {
  const options = formatOptions(conditions)
  return failed
    .slice(0, 5)
    .map(
      ({ seed, anomalies }) => `seed ${seed}: ${anomalies
        .slice(0, 3)
        .map(({ name, request, detail }) => `${name} (request ${request}): ${detail}`)
        .join('; ')}
  repeat it: npm run proof -- --store ${store.replace(/:.*/, '')}${options} --seed ${seed}`,
    )
    .join('\n')
}

function formatOptions({ skew, merging, parallelLogins, streams, users, renewals }: ScenarioOptions): string {
  return [
    ...(skew === undefined ? [] : [` --skew ${skew}ms`]),
    ...(merging === false ? [' --no-merging'] : []),
    ...(parallelLogins === true ? [' --logins'] : []),
    ...(streams === true ? [' --streams'] : []),
    ...(users === true ? [' --users'] : []),
    ...(renewals === true ? [' --renewals'] : []),
  ].join('')
}
