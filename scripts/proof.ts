// Why: the guarantee (docs/proof.md) is proved by runs against a checker, as many as wanted.
//
//   npm run proof -- --seeds 1000 --store memory       seeded runs in this process, on virtual time
//   npm run proof -- --store sqlite --seed 17          repeats one seed and prints every anomaly
//   npm run proof -- --store postgres --seeds 100      starts a PostgreSQL; runs differ (real I/O)
//   npm run proof -- --store mysql --seeds 100         starts a MariaDB
//   npm run proof -- --store redis --seeds 100         starts a Redis
//   npm run proof -- --store redis-cluster             starts a Redis Cluster of six servers
//   npm run proof -- --store sealed                    sealed rows in SQLite
//   npm run proof -- --store cached-one --seeds 100    through a cache; cached-failing, cached-each
//                                                      and cached-notified: see docs/proof.md
//   npm run proof -- --logins                          seeds with many parallel logins and longer
//                                                      sessions
//   npm run proof -- --users                           revocations, a limit of sessions and
//                                                      reauthentications next to logins
//   npm run proof -- --renewals                        ids that are replaced because of their age, next
//                                                      to requests of users
//   npm run proof -- --streams                         requests that change their session while they
//                                                      stream the response
//   npm run proof -- --express-session                 handlers that change req.session of the
//                                                      drop-in replacement of express-session
//   npm run proof -- --express-session --move          the same during a move from express-session: old
//                                                      and new instances on two stores
//   npm run proof -- --skew 90s                        clocks up to three minutes apart
//   npm run proof -- --no-merging                      several writes in flight, as on Workers
//   npm run proof -- --calls                           every store call fails once, in every way
//   npm run proof -- --processes --requests 100000     four servers on one SQLite file, over HTTP
//   npm run proof -- --processes --kills 200           the same, killed at random times
//   npm run proof -- --processes --faults --skew 5m    the same with lost responses and other clocks
//   npm run proof -- --processes --store postgres      the same on PostgreSQL; also mysql, redis
//                                                      and redis-cluster

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { milliseconds } from '../src/core/base/duration.ts'
import { type Anomaly, check } from '../test/proof/checks/checker.ts'
import type { Exchange } from '../test/proof/checks/history.ts'
import { MOVE, moving } from '../test/proof/express-session/move.ts'
import * as dropIn from '../test/proof/express-session/runs.ts'
import { FAILURES, failEveryCall, VERBS } from '../test/proof/faults/nth-call.ts'
import { load } from '../test/proof/processes/load.ts'
import { CACHES, formatFailures, runSeeds, type SeedResults, type StoreName, seedsFrom } from '../test/proof/simulation/campaign.ts'
import { startMysql } from '../test/services/mysql/mysql.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'
import { startRedisCluster } from '../test/services/redis/redis-cluster.ts'

const SERVERS = {
  postgres: startPostgres,
  mysql: () => startMysql(),
  redis: () => startRedis(),
  'redis-cluster': startRedisCluster,
} as const
const STORES = ['memory', 'sqlite', 'sealed', ...CACHES.map((each) => `cached-${each}`), ...Object.keys(SERVERS)]

const values = new Command('proof')
  .description('Proves the guarantee with runs against a checker: seeded runs on virtual time, unless --calls or --processes is given.')
  .option('--seeds <count>', 'number of seeded runs', Number, 1000)
  .option('--first <seed>', 'the first seed', Number, 1)
  .option('--seed <seed>', 'runs only this seed and prints every anomaly', Number)
  .option('--express-session', 'handlers that change req.session of sojourn/express-session, on memory')
  .option('--move', 'with --express-session: during a move from express-session, with old and new instances')
  .addOption(new Option('--store <name>', 'the store').choices(STORES).default('memory'))
  .option('--logins', 'many parallel logins, and sessions that live for several minutes')
  .option('--users', 'revocations, reauthentications and a limit of sessions next to many logins of the same users')
  .option('--renewals', 'ids are replaced because of their age, some responses are lost, and some requests send the id before')
  .option('--streams', 'many requests change their session while they stream the response')
  .option('--skew <duration>', 'the maximum difference between a clock and the true time', parseDuration)
  .option('--no-merging', 'the commits of one session and process do not wait for each other, as on Workers')
  .option('--calls', 'fails every store call once, in every way')
  .option('--processes', 'runs four servers on one store, over HTTP: on SQLite, unless --store names a database server')
  .option('--requests <count>', 'with --processes: number of requests', Number, 100_000)
  .option('--faults', 'with --processes: the connections to the store lose, delay and repeat operations')
  .option('--kills <count>', 'with --processes: number of kills of a server, at random times', Number, 0)
  .parse()
  .opts<Values>()

interface Values {
  readonly seeds: number
  readonly first: number
  readonly seed?: number
  readonly expressSession?: true
  readonly move?: true
  readonly store: string
  readonly logins?: boolean
  readonly users?: boolean
  readonly renewals?: boolean
  readonly streams?: boolean
  readonly skew?: number
  readonly merging: boolean
  readonly calls?: true
  readonly processes?: true
  readonly requests: number
  readonly faults?: true
  readonly kills: number
}

const started = Date.now()
const failed = await (values.processes ? proveProcesses() : values.calls ? proveCalls() : proveSeeds())
console.log(`${failed === 0 ? 'clean' : `${failed} FAILED`} after ${seconds()} s`)
process.exitCode = failed === 0 ? 0 : 1

async function proveSeeds(): Promise<number> {
  if (values.expressSession) return proveExpressSession()
  return isServer(values.store) ? onServer(values.store, (url) => proveSeedsOn(url as StoreName)) : proveSeedsOn(values.store as StoreName)
}

async function proveExpressSession(): Promise<number> {
  const list = values.seed === undefined ? seedsFrom(values.first, values.seeds) : [values.seed]
  const results = await (values.move ? dropIn.runSeeds(list, moving(), MOVE) : dropIn.runSeeds(list))
  console.log(`${list.length} seeds of req.session, ${results.requests} requests: ${formatCounts(results.responses)}`)
  console.log(dropIn.formatFailures(results, values.move ? ' --move' : ''))
  return results.failed.length
}

/** Milliseconds of a text such as `90s`. */
function parseDuration(text: string): number {
  const duration = milliseconds(text)
  if (duration === undefined) throw new InvalidArgumentError('Give a duration such as 90s.')
  return duration
}

function isServer(name: string): name is keyof typeof SERVERS {
  return Object.hasOwn(SERVERS, name)
}

async function onServer(name: keyof typeof SERVERS, work: (url: string) => Promise<number>): Promise<number> {
  const server = await SERVERS[name]()
  if (typeof server === 'string') throw new Error(server)
  try {
    return await work(server.url)
  } finally {
    await server.remove()
  }
}

async function proveSeedsOn(store: StoreName): Promise<number> {
  const list = values.seed === undefined ? seedsFrom(values.first, values.seeds) : [values.seed]
  const onProgress = (soFar: SeedResults, done: number): void => {
    if (done % 250 === 0) console.log(`${done} of ${list.length} seeds on ${values.store}, ${soFar.failed.length} failed, ${seconds()} s`)
  }
  const { skew, merging, logins: parallelLogins = false, streams = false, users = false, renewals = false } = values
  const results = await runSeeds(store, {
    seeds: list,
    conditions: { ...(skew === undefined ? {} : { skew }), merging, parallelLogins, streams, users, renewals },
    onProgress,
  })
  console.log(`${list.length} seeds on ${values.store}, ${results.requests} requests: ${formatCounts(results.responses)}`)
  if (values.seed === undefined) console.log(formatFailures(results, store))
  else printAnomalies(results.failed.flatMap(({ anomalies }) => anomalies))
  return results.failed.length
}

async function proveCalls(): Promise<number> {
  let runs = 0
  const anomalies: Anomaly[] = []
  for (const verb of VERBS) {
    for (const failure of FAILURES) {
      const { runs: more, found } = await failEveryCall(verb, failure)
      runs += more
      anomalies.push(...found)
    }
    console.log(`${verb}: every call failed in every way, ${runs} runs so far, ${anomalies.length} anomalies`)
  }
  printAnomalies(anomalies)
  return anomalies.length
}

async function proveProcesses(): Promise<number> {
  if (isServer(values.store)) return onServer(values.store, (url) => proveProcessesOn(`${url}#sessions`))
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-proof-'))
  try {
    return await proveProcessesOn(join(folder, 'sessions.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function proveProcessesOn(place: string): Promise<number> {
  const { requests, kills, seed = 1, skew, merging, faults = false } = values
  const onProgress = (sent: number, killed: number): void => console.log(`${sent} requests, ${killed} kills, ${seconds()} s`)
  const clocks = skew === undefined ? {} : { skew }
  const history = await load({ place, seed, processes: 4, requests, kills, ...clocks, merging, faults, onProgress })
  const anomalies = check(history)
  console.log(`${history.exchanges.length} requests in 4 processes, ${kills} kills: ${formatCounts(countResponses(history.exchanges))}`)
  console.log(`${history.rows.length} rows are left. The checker found ${anomalies.length} anomalies`)
  printAnomalies(anomalies)
  return anomalies.length
}

function countResponses(exchanges: readonly Exchange[]): SeedResults['responses'] {
  return Object.fromEntries([...Map.groupBy(exchanges, ({ code = 'ok' }) => code)].map(([code, all]) => [code, all.length]))
}

function printAnomalies(anomalies: readonly Anomaly[]): void {
  for (const { name, request, detail } of anomalies.slice(0, 50)) console.log(`${name} (request ${request}): ${detail}`)
}

function formatCounts(counts: SeedResults['responses']): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${count} ${code}`)
    .join(', ')
}

function seconds(): number {
  return Math.round((Date.now() - started) / 1000)
}
