// The table of docs/stores.md is what the probes find. `npm run table:stores` writes it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, inject, it } from 'vitest'
import { cellsOf, columnIn, LOCAL, onServer } from './table.ts'

const document = readFileSync(join(import.meta.dirname, '../../../docs/stores.md'), 'utf8')
const SERVERS = [
  ['PostgreSQL', inject('postgres')],
  ['MariaDB', inject('mysql')],
  ['Redis', inject('redis')],
] as const

describe('the table of promises in docs/stores.md', () => {
  it.each(LOCAL.map((column) => [column.name, column] as const))('is current for %s', async (name, column) => {
    expect(columnIn(document, name)).toEqual(await cellsOf(column))
  })

  for (const [name, url] of SERVERS)
    it.skipIf(url === undefined)(`is current for ${name}`, { timeout: 60_000 }, async () => {
      expect(columnIn(document, name)).toEqual(await cellsOf(onServer(name, url ?? '')))
    })
})
