// The columns of servers in the table of docs/stores.md. `npm run table:stores` writes it.
import { describe, expect, it } from 'vitest'
import { MYSQL } from '../../services/mysql/mysql-pools.ts'
import { POSTGRES } from '../../services/postgres/postgres-pool.ts'
import { REDIS } from '../../services/redis/redis-clients.ts'
import { cellsOf, columnIn, onServer, readStoresPage } from '../../stores/promises/table.ts'

describe('the table of promises in docs/stores.md', () => {
  for (const [name, url] of Object.entries({ PostgreSQL: POSTGRES, MariaDB: MYSQL, Redis: REDIS }))
    it.skipIf(url === '')(`is current for ${name}`, { timeout: 60_000 }, async () => {
      expect(columnIn(readStoresPage(), name)).toEqual(await cellsOf(onServer(name, url)))
    })
})
