// The table of docs/stores.md is what the probes find. `npm run table:stores` writes it. The columns
// of servers are compared in test/databases/any/promises.test.ts.
import { describe, expect, it } from 'vitest'
import { cellsOf, columnIn, LOCAL, readStoresPage } from './table.ts'

describe('the table of promises in docs/stores.md', () => {
  it.each(LOCAL.map((column) => [column.name, column] as const))('is current for %s', async (name, column) => {
    expect(columnIn(readStoresPage(), name)).toEqual(await cellsOf(column))
  })
})
