// Why: docs/stores.md promises what each store keeps, so its table is made only from programs that
// ran. Runs the probes of test/stores/promises on every store and compares the table with the
// document; `--write` writes it there. Starts PostgreSQL, MariaDB, Redis and a Redis Cluster.
import { writeFileSync } from 'node:fs'
import { startMysql } from '../test/services/mysql/mysql.ts'
import { startPostgres } from '../test/services/postgres/postgres.ts'
import { startRedis } from '../test/services/redis/redis.ts'
import { startRedisCluster } from '../test/services/redis/redis-cluster.ts'
import { type Column, cellsOf, LOCAL, onServer, printTable, readStoresPage, STORES_PAGE, withTable } from '../test/stores/promises/table.ts'

const SERVERS = {
  PostgreSQL: startPostgres,
  MariaDB: () => startMysql(),
  Redis: () => startRedis(),
  'Redis Cluster': startRedisCluster,
} as const

const document = readStoresPage()
const [memory, sqlite, ...others] = LOCAL as [Column, Column, ...Column[]]
const columns = [await filled(memory), await filled(sqlite)]
for (const [name, start] of Object.entries(SERVERS)) columns.push(await filledOnServer(name, start))
for (const column of others) columns.push(await filled(column))
const table = printTable(columns)
console.log(table)
const current = withTable(document, table)
if (process.argv.includes('--write')) writeFileSync(STORES_PAGE, current)
else if (current !== document) throw new Error('stores-table: the table in docs/stores.md does not match. Run npm run table:stores')

async function filled(column: Column): Promise<{ name: string; cells: readonly string[] }> {
  return { name: column.name, cells: await cellsOf(column) }
}

async function filledOnServer(
  name: string,
  start: (typeof SERVERS)[keyof typeof SERVERS],
): Promise<{ name: string; cells: readonly string[] }> {
  const server = await start()
  if (typeof server === 'string') throw new Error(`stores-table: ${name} is not available: ${server}`)
  try {
    return await filled(onServer(name, server.url))
  } finally {
    await server.remove()
  }
}
