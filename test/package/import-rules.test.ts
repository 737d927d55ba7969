// Checks every import of `src` against the tables of import-rules.ts, and the checker against
// planted violations: a checker that finds nothing would pass on any source.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findViolations } from './check-imports.ts'
import { folders, layers } from './import-rules.ts'

const src = join(import.meta.dirname, '../../src')

/** One file with one line, and a part of the violation. */
const violations: readonly (readonly [file: string, line: string, violation: string])[] = [
  // layers
  ['wire/planted.ts', "export * from '../codecs/codec.ts'", 'wire imports from no layer only'],
  ['codecs/planted.ts', "export * from '../core/base/errors.ts'", 'codecs imports from wire only'],
  ['core/base/planted.ts', "export * from '../../stores/memory.ts'", 'core imports from wire, codecs only'],
  ['core/base/planted.ts', "export * from '../../index.ts'", 'core imports from wire, codecs only'],
  ['core/base/planted.ts', "export * from '../../../test/core/fixture.ts'", 'core imports from wire, codecs only'],
  ['stores/memory.ts', "export * from '../codecs/json.ts'", 'stores imports from wire, core only'],
  ['stores/open/planted.ts', "export * from '../../adapters/web.ts'", 'stores imports from wire, core only'],
  ['stores/memory.ts', "export * from '../django/django.ts'", 'stores imports from wire, core only'],
  ['adapters/web.ts', "export * from '../stores/memory.ts'", 'adapters imports from wire, codecs, core only'],
  ['cli/planted.ts', "export * from '../stores/memory.ts'", 'cli imports from wire, codecs, core, admin, stores/open.ts only'],
  ['django/django.ts', "export * from '../adapters/web.ts'", 'django imports from wire, codecs, core, stores only'],
  ['testing/planted.ts', "export * from '../codecs/json.ts'", 'testing imports from core only'],
  ['index.ts', "export { MemoryStore } from './stores/memory.ts'", 'index imports from core only'],
  ['index.ts', "export { json } from './codecs/json.ts'", 'index imports from core only'],
  ['utils/planted.ts', "export * from '../wire/seal.ts'", 'the layer utils is not in the table'],
  // folders
  ['core/store/planted.ts', "export * from '../draft/draft.ts'", 'core/store imports from base only'],
  ['core/draft/planted.ts', "export * from '../commit/committer.ts'", 'core/draft imports from base, cookie'],
  ['core/utils/planted.ts', "export * from '../base/errors.ts'", 'the folder core/utils is not in the table'],
  ['stores/redis.ts', "export * from './sql/sql-store.ts'", 'stores/redis imports from shared only'],
  ['stores/shared/planted.ts', "export * from '../memory.ts'", 'stores/shared imports from no folder only'],
  ['adapters/hono.ts', "export * from './node/connect.ts'", 'adapters/hono imports from shared, web only'],
  // ways to import
  ['core/base/planted.ts', "import '../../stores/memory.ts'", 'core imports from'],
  ['core/base/planted.ts', "import { MemoryStore } from '../../stores/memory.ts'", 'core imports from'],
  ['core/base/planted.ts', "import type { MemoryStore } from '../../stores/memory.ts'", 'core imports from'],
  ['core/base/planted.ts', "export { MemoryStore } from '../../stores/memory.ts'", 'core imports from'],
  ['core/base/planted.ts', "export type { MemoryStore } from '../../stores/memory.ts'", 'core imports from'],
  ['core/base/planted.ts', "export type Planted = import('../../stores/memory.ts').MemoryStore", 'core imports from'],
  ['core/base/planted.ts', "export const planted = () => import('../../stores/memory.ts')", 'core imports from'],
  ['core/base/planted.ts', "export * from './../../wire/../stores/memory.ts'", 'core imports from'],
  ['stores/open/planted.ts', 'export const planted = (name: string) => import(name)', 'an expression: may import the packages'],
  // packages and modules of Node
  ['wire/planted.ts', "export { stringify } from 'devalue'", 'may import the packages node:crypto, node:zlib, cookie, node:buffer only'],
  ['codecs/planted.ts', "export { LRUCache } from 'lru-cache'", 'may import the packages'],
  ['core/base/planted.ts', "export { AsyncLocalStorage } from 'node:async_hooks'", 'may import the packages node:crypto, node:zlib only'],
  ['core/base/planted.ts', "export { createHash } from 'crypto'", 'may import the packages'],
  ['stores/postgres.ts', "export * from 'pg'", 'may import the packages'],
  ['stores/postgres.ts', "export type { Pool } from 'pg'", 'may import the packages'],
  ['stores/mysql/planted.ts', "export * from 'mysql2/promise'", 'may import the packages'],
  ['stores/sqlite/planted.ts', "export { DatabaseSync } from 'node:sqlite'", 'may import the packages'],
  ['stores/open/planted.ts', "export * from 'ioredis'", 'may import the packages'],
  ['adapters/hono.ts', "export { Hono } from 'hono'", 'may import the packages'],
  ['adapters/web.ts', "export { IncomingMessage } from 'node:http'", 'may import the packages'],
  ['adapters/koa.ts', "export { default } from 'fastify-plugin'", 'may import the packages'],
  ['django/rows/sql-rows.ts', "export { readFile } from 'node:fs/promises'", 'may import the packages'],
  ['index.ts', "export { LRUCache } from 'lru-cache'", 'may import the packages'],
]

const allowed: readonly (readonly [file: string, line: string])[] = [
  ['wire/planted.ts', "export { parseCookie } from 'cookie'; export { createHash } from 'node:crypto'; export * from './seal.ts'"],
  ['core/draft/planted.ts', "export * from '../base/errors.ts'; export * from '../../codecs/json.ts'; export * from './flash.ts'"],
  ['stores/redis.ts', "export * from './redis/redis-client.ts'; export * from './shared/page.ts'; export * from '../wire/seal.ts'"],
  ['stores/open/planted.ts', "export const planted = () => import('mysql2/promise'); export * from '../sqlite.ts'"],
  ['adapters/express.ts', "export { isDate } from 'node:util/types'; export * from './node/connect.ts'"],
  ['adapters/hono.ts', "export type { Context } from 'hono'; export type { IncomingMessage } from 'node:http'"],
  ['django/rows/file-planted.ts', "export { readFile } from 'node:fs/promises'; export * from '../../stores/sql/sql-store.ts'"],
  ['cli/planted.ts', "export { Command } from 'commander'; export * from '../stores/open.ts'"],
  ['index.ts', "export { createSessions } from './core/manager/sessions.ts'; export type { Codec } from './codecs/codec.ts'"],
  ['core/base/planted.ts', "// export * from '../../stores/memory.ts'\nexport const text = \"import '../../stores/memory.ts'\""],
]

test('src follows the import rules', () => {
  const files = globSync('**/*.ts', { cwd: src }).sort()
  expect(files.length).toBeGreaterThan(100)
  expect(findViolations(new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')])))).toEqual([])
})

test.each([layers, ...Object.values(folders)])('a row of a table names only rows above it: table %#', (table) => {
  const names = Object.keys(table)
  for (const [index, row] of Object.values(table).entries()) {
    const above = names.slice(0, index)
    expect(row.filter((name) => !above.includes(name) && !name.endsWith('.ts'))).toEqual([])
  }
})

describe('the checker', () => {
  test.each(violations)('reports %s: %s', (file, line, violation) => {
    expect(findViolations(new Map([[file, line]]))).toEqual([expect.stringContaining(violation)])
  })

  test.each(allowed)('allows %s: %s', (file, lines) => {
    expect(findViolations(new Map([[file, lines]]))).toEqual([])
  })

  test.each(['import', 'import type'])('reports a cycle of %s', (keyword) => {
    const sources = new Map([
      ['core/base/a.ts', `${keyword} { b } from './b.ts'`],
      ['core/base/b.ts', `${keyword} { c } from './c.ts'`],
      ['core/base/c.ts', `${keyword} { a } from './a.ts'`],
      ['core/base/d.ts', `${keyword} { a } from './a.ts'`],
    ])
    expect(findViolations(sources)).toEqual(['cycle: core/base/a.ts core/base/b.ts core/base/c.ts'])
  })

  test('rejects a file that cannot be parsed', () => {
    expect(() => findViolations(new Map([['core/base/planted.ts', 'export * from']]))).toThrow('core/base/planted.ts cannot be parsed')
  })
})
