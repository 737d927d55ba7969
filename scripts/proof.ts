// Why: the guarantee (docs/guarantee.md) is proved by running it against a checker, for as long as one likes.
//
//   npm run proof -- --seeds 1000 --store memory       seeded runs in this process, on virtual time
//   npm run proof -- --store sqlite --seed 17          one seed again, with all that was wrong
//   npm run proof -- --store postgres --seeds 100      on a PostgreSQL of its own; what is real in it varies from run to run
//   npm run proof -- --store mysql --seeds 100         on a MariaDB of its own
//   npm run proof -- --store redis --seeds 100         on a Redis of its own
//   npm run proof -- --store cached-one --seeds 100    through a cache; cached-failing, cached-each, cached-telling: see docs/guarantee.md
//   npm run proof -- --calls                           every store call fails once, in every way
//   npm run proof -- --processes --requests 100000     four servers on one SQLite file, over HTTP
//   npm run proof -- --processes --kills 200           the same, killed at random moments
//   npm run proof -- --processes --store postgres      the same on PostgreSQL, mysql or redis

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Anomaly, check } from '../test/proof/checks/checker.ts'
import type { Exchange } from '../test/proof/checks/history.ts'
import { FAILURES, failEveryCall, VERBS } from '../test/proof/faults/nth-call.ts'
import { load } from '../test/proof/processes/load.ts'
import { CACHES, campaign, type StoreName, seedsFrom, type Tally, told } from '../test/proof/simulation/campaign.ts'
import { startMysql } from '../test/services/mysql/mysql.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'

const SERVERS = { postgres: startPostgres, mysql: () => startMysql(), redis: () => startRedis() } as const
const STORES = ['memory', 'sqlite', ...CACHES.map((each) => `cached-${each}`), ...Object.keys(SERVERS)]

const values = new Command('proof')
  .description('Proves the guarantee by running it against a checker: seeded runs on virtual time, unless it is told otherwise.')
  .option('--seeds <count>', 'how many seeded runs', Number, 1000)
  .option('--first <seed>', 'the first of them', Number, 1)
  .option('--seed <seed>', 'this one only, with all that was wrong', Number)
  .addOption(new Option('--store <name>', 'where the sessions are').choices(STORES).default('memory'))
  .option('--calls', 'every store call fails once, in every way')
  .option('--processes', 'four servers on one store, over HTTP: sqlite unless --store names a server')
  .option('--requests <count>', 'of --processes: how many requests', Number, 100_000)
  .option('--kills <count>', 'of --processes: how often a server is killed at a random moment', Number, 0)
  .parse()
  .opts<Values>()

interface Values {
  readonly seeds: number
  readonly first: number
  readonly seed?: number
  readonly store: string
  readonly calls?: true
  readonly processes?: true
  readonly requests: number
  readonly kills: number
}

const started = Date.now()
const failed = await (values.processes ? processes() : values.calls ? calls() : seeds())
console.log(`${failed === 0 ? 'clean' : `${failed} FAILED`} after ${seconds()} s`)
process.exitCode = failed === 0 ? 0 : 1

async function seeds(): Promise<number> {
  return isServer(values.store) ? onServer(values.store, (url) => seedsOn(url as StoreName)) : seedsOn(values.store as StoreName)
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

async function seedsOn(store: StoreName): Promise<number> {
  const list = values.seed === undefined ? seedsFrom(values.first, values.seeds) : [values.seed]
  const tally = await campaign(store, list, (so_far, done) => {
    if (done % 250 === 0) console.log(`${done} of ${list.length} seeds on ${values.store}, ${so_far.failed.length} failed, ${seconds()} s`)
  })
  console.log(`${list.length} seeds on ${values.store}, ${tally.requests} requests: ${shown(tally.answers)}`)
  if (values.seed === undefined) console.log(told(tally, store))
  else show(tally.failed.flatMap(({ anomalies }) => anomalies))
  return tally.failed.length
}

async function calls(): Promise<number> {
  let runs = 0
  const anomalies: Anomaly[] = []
  for (const verb of VERBS) {
    for (const failure of FAILURES) {
      const { runs: more, found } = await failEveryCall(verb, failure)
      runs += more
      anomalies.push(...found)
    }
    console.log(`${verb}: every call has failed in every way, ${runs} runs so far, ${anomalies.length} anomalies`)
  }
  show(anomalies)
  return anomalies.length
}

async function processes(): Promise<number> {
  if (isServer(values.store)) return onServer(values.store, (url) => processesOn(`${url}#sessions`))
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-proof-'))
  try {
    return await processesOn(join(folder, 'sessions.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function processesOn(place: string): Promise<number> {
  const { requests, kills, seed = 1 } = values
  const tell = (sent: number, killed: number): void => console.log(`${sent} requests, ${killed} kills, ${seconds()} s`)
  const history = await load({ place, seed, processes: 4, requests, kills, tell })
  const anomalies = check(history)
  console.log(`${history.exchanges.length} requests in 4 processes, ${kills} kills: ${shown(answers(history.exchanges))}`)
  console.log(`${history.rows.length} rows are left; the checker found ${anomalies.length} anomalies`)
  show(anomalies)
  return anomalies.length
}

function answers(exchanges: readonly Exchange[]): Tally['answers'] {
  return Object.fromEntries([...Map.groupBy(exchanges, ({ code = 'ok' }) => code)].map(([code, all]) => [code, all.length]))
}

function show(anomalies: readonly Anomaly[]): void {
  for (const { name, request, detail } of anomalies.slice(0, 50)) console.log(`${name} (request ${request}): ${detail}`)
}

function shown(counts: Tally['answers']): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `${count} ${code}`)
    .join(', ')
}

function seconds(): number {
  return Math.round((Date.now() - started) / 1000)
}
