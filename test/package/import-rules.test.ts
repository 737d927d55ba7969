// Why: rules that are not executed rot. One of each kind of trespass is planted in a copy of the tree, and the linter must name it.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

type Found = { readonly filename: string; readonly code: string; readonly message: string; readonly help?: string }

const root = join(import.meta.dirname, '../..')
const restricted = 'eslint(no-restricted-imports)'

/** Room, planted line, what the linter has to say. Each becomes a file of its own, `src/<room>/planted-<n>.ts`. */
const trespasses: readonly (readonly [room: string, line: string, message: string])[] = [
  // to the right
  ['wire', "export * from '../codecs/codec.ts'", 'wire imports no other room'],
  ['codecs', "export * from '../core/errors.ts'", 'codecs imports from wire only'],
  ['core', "export * from '../stores/memory.ts'", 'core imports from wire and codecs only'],
  ['core', "export * from '../adapters/web.ts'", 'core imports from wire and codecs only'],
  ['core', "export * from '../index.ts'", 'core imports from wire and codecs only'],
  ['core', "export * from '../../test/fixture.ts'", 'core imports from wire and codecs only'],
  ['core', "export * from '../utils/anything.ts'", 'core imports from wire and codecs only'],
  ['core/commit', "export * from '../../stores/memory.ts'", 'core imports from wire and codecs only'],
  ['core/commit', "export { parseCookie } from 'cookie'", 'core takes from outside only node:crypto and node:zlib'],
  ['stores', "export * from '../codecs/json.ts'", 'a payload is opaque text to a store'],
  ['stores/sql', "export * from '../../codecs/json.ts'", 'a payload is opaque text to a store'],
  ['stores/redis', "export * from '../../adapters/web.ts'", 'stores imports from wire and core only'],
  ['stores/open', "export * from '../../codecs/json.ts'", 'stores/open imports from wire and core only'],
  ['stores', "export * from '../admin/revoke.ts'", 'stores imports from wire and core only'],
  ['admin', "export * from '../cli/main.ts'", 'admin imports from wire, codecs, core and stores only'],
  // a store belongs to the application
  ['adapters', "export * from '../stores/memory.ts'", 'a store is given to it by the application'],
  ['inspector', "export * from '../stores/open.ts'", 'a store is given to it by the application'],
  ['cli', "export * from '../stores/memory.ts'", 'cli imports from wire, codecs, core, admin and stores/open only'],
  // the rightmost rooms do not know each other
  ['adapters', "export * from '../testing/store-suite.ts'", 'adapters imports from wire, codecs, core and admin only'],
  ['inspector', "export * from '../adapters/web.ts'", 'inspector imports from wire, codecs, core and admin only'],
  ['testing', "export * from '../stores/memory.ts'", 'testing imports from core only'],
  ['testing', "export * from '../codecs/json.ts'", 'testing imports from core only'],
  ['stores', "export * from '../django/django.ts'", 'stores imports from wire and core only'],
  ['django', "export * from '../adapters/web.ts'", 'django imports from wire, codecs, core and stores only'],
  ['django', "export * from 'pg'", 'a client is passed in and typed by its shape'],
  ['django', "export { readFile } from 'node:fs/promises'", 'django takes from outside only node:crypto and node:zlib'],
  // every way of importing
  ['core', "import '../stores/memory.ts'", 'core imports from wire and codecs only'],
  [
    'core',
    "import type { MemoryStore } from '../stores/memory.ts'\nexport type Planted = MemoryStore",
    'core imports from wire and codecs only',
  ],
  ['core', "export const planted: Promise<unknown> = import('../stores/memory.ts')", 'core imports from wire and codecs only'],
  ['core', "export * from './../stores/memory.ts'", 'no detours'],
  ['core', "export * from '../wire/../stores/memory.ts'", 'no detours'],
  // from outside the house
  ['core', "export { parseCookie } from 'cookie'", 'core takes from outside only node:crypto and node:zlib'],
  ['stores', "export { parseCookie } from 'cookie'", 'stores takes from outside only lru-cache, node:crypto and node:zlib'],
  ['wire', "export { stringify } from 'devalue'", 'wire takes from outside only cookie, node:buffer, node:crypto and node:zlib'],
  ['codecs', "export { LRUCache } from 'lru-cache'", 'codecs takes from outside only devalue, node:crypto and node:zlib'],
  ...['pg', 'mysql2/promise', 'redis', 'ioredis', 'better-sqlite3', 'postgres'].map(
    (driver) => ['stores', `export * from '${driver}'`, 'a client is passed in and typed by its shape'] as const,
  ),
  ['stores/postgres', "export * from 'pg'", 'a client is passed in and typed by its shape'],
  ['stores/sqlite', "export * from 'better-sqlite3'", 'a client is passed in and typed by its shape'],
  ['stores/open', "export * from 'ioredis'", 'only the drivers it opens stores with'],
  ['stores', "import type { Pool } from 'pg'\nexport type Planted = Pool", 'a client is passed in and typed by its shape'],
  ['cli', "export { Pool } from 'pg'", 'cli takes from outside only commander, cli-progress and node:*'],
  ['adapters', "export { Router } from 'express'", 'and types of its framework'],
  ['adapters', "export { default } from 'fastify-plugin'", 'and types of its framework'],
  // only Node has node:
  ['wire', "export { inspect } from 'node:util'", 'wire takes from outside only cookie, node:buffer, node:crypto and node:zlib'],
  ['core', "export { AsyncLocalStorage } from 'node:async_hooks'", 'core takes from outside only node:crypto and node:zlib'],
  ['core', "export { readFile } from 'fs/promises'", 'core takes from outside only node:crypto and node:zlib'],
  ['stores/mysql', "export { Buffer } from 'node:buffer'", 'stores takes from outside only lru-cache, node:crypto and node:zlib'],
  ['stores/sqlite', "export { DatabaseSync } from 'node:sqlite'", 'stores takes from outside only lru-cache, node:crypto and node:zlib'],
  ['adapters', "export { IncomingMessage } from 'node:http'", 'adapters takes from outside only node:crypto and node:zlib'],
  ['inspector', "export { readFile } from 'node:fs/promises'", 'inspector takes from outside only node:crypto and node:zlib'],
  ['.', "export { MemoryStore } from './stores/memory.ts'", 'the front door re-exports core, and types of wire and codecs'],
  ['.', "export type { MemoryStore } from './stores/memory.ts'", 'the front door re-exports core, and types of wire and codecs'],
  ['.', "export { json } from './codecs/json.ts'", 'the front door re-exports core, and types'],
  ['.', "export { LRUCache } from 'lru-cache'", 'the front door re-exports what is in the house'],
]

/** What must stay legal, or the walls are in the wrong place. The file's name counts too. */
const visits: readonly (readonly [file: string, line: string])[] = [
  ['wire/planted-legal.ts', "export { parseCookie } from 'cookie'\nexport { createHash } from 'node:crypto'"],
  ['codecs/planted-legal.ts', "export { stringify } from 'devalue'\nexport * from '../wire/planted-legal.ts'"],
  ['core/planted-legal.ts', "export * from '../codecs/planted-legal.ts'\nexport * from './errors.ts'"],
  ['core/commit/planted-legal.ts', "export * from '../errors.ts'\nexport * from '../../codecs/planted-legal.ts'"],
  ['stores/planted-legal.ts', "export { LRUCache } from 'lru-cache'\nexport * from '../core/planted-legal.ts'"],
  ['stores/sql/planted-legal.ts', "export * from '../answer.ts'\nexport * from '../../wire/seal.ts'\nexport * from '../../core/errors.ts'"],
  ['admin/planted-legal.ts', "export * from '../stores/planted-legal.ts'"],
  ['adapters/hold-planted.ts', "export { isDate } from 'node:util/types'\nexport * from '../admin/planted-legal.ts'"],
  ['adapters/planted-legal.ts', "import type { Request } from 'express'\nexport type Planted = Request\nexport * from './hold-planted.ts'"],
  ['adapters/connect-planted.ts', "export { default } from 'fastify-plugin'"],
  ['stores/open/planted-legal.ts', "export const planted: Promise<unknown> = import('pg')"],
  ['cli/planted-legal.ts', "export { Command } from 'commander'\nexport { parseArgs } from 'node:util'\nexport * from '../stores/open.ts'"],
  [
    'django/planted-legal.ts',
    "export * from '../stores/planted-legal.ts'\nexport * from '../stores/sql/planted-legal.ts'\nexport * from '../codecs/planted-legal.ts'",
  ],
  ['django/file-planted.ts', "export { readFile } from 'node:fs/promises'"],
  ['testing/planted-legal.ts', "export * from '../core/planted-legal.ts'"],
  ['planted-legal.ts', "export * from './core/planted-legal.ts'\nexport type * from './codecs/planted-legal.ts'"],
]

const others: readonly (readonly [file: string, text: string, code: string])[] = [
  ['core/planted-cycle-a.ts', "import { b } from './planted-cycle-b.ts'\nexport const a: number = b", 'import(no-cycle)'],
  ['core/planted-cycle-b.ts', "import { a } from './planted-cycle-a.ts'\nexport const b: number = a", 'import(no-cycle)'],
  ['core/planted-floating.ts', 'export function planted(): void {\n  Promise.resolve(1)\n}', 'typescript(no-floating-promises)'],
  ['core/planted-misused.ts', 'export const planted: number[] = [1].filter(async () => false)', 'typescript(no-misused-promises)'],
  ['core/planted-long.ts', Array.from({ length: 321 }, (_, n) => `export const planted${n} = ${n}\n`).join(''), 'eslint(max-lines)'],
  ['core/planted-tall.ts', `export function planted(): void {\n${'  planted()\n'.repeat(46)}}`, 'eslint(max-lines-per-function)'],
  ['core/planted-buffer.ts', "export const planted: unknown = Buffer.from('')", 'eslint(no-restricted-globals)'],
]

let copy: string
let found: readonly Found[]

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'sojourn-walls-'))
  for (const name of ['src', '.oxlintrc.json', 'tsconfig.json', 'package.json'])
    await cp(join(root, name), join(copy, name), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  await Promise.all([
    ...trespasses.map(([room, line], n) => plant(join(room, `planted-${n}.ts`), line)),
    ...visits.map(([file, line]) => plant(file, line)),
    ...others.map(([file, text]) => plant(file, text)),
  ])
  found = await lint()
}, 60_000)

afterAll(() => rm(copy, { recursive: true, force: true }))

test.each(trespasses.map(([room, line, message], n) => ({ room, line, message, n })))('$room: $line', ({ room, message, n }) => {
  const said = saidOf(join(room, `planted-${n}.ts`)).filter(({ code }) => code === restricted)
  expect(said.map(({ help }) => help)).toContainEqual(expect.stringContaining(`walls: `))
  expect(said.map(({ help }) => help)).toContainEqual(expect.stringContaining(message))
})

test.each(visits)('%s may', (file) => {
  expect(saidOf(file).filter(({ code }) => code === restricted)).toEqual([])
})

test.each(others)('%s', (file, _text, code) => {
  expect(saidOf(file).map((diagnostic) => diagnostic.code)).toContain(code)
})

function saidOf(file: string): readonly Found[] {
  return found.filter(({ filename }) => join(copy, filename) === join(copy, 'src', file))
}

async function plant(file: string, text: string): Promise<void> {
  const path = join(copy, 'src', file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${text}\n`)
}

function lint(): Promise<readonly Found[]> {
  return new Promise((resolve, reject) => {
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
    execFile(process.execPath, [oxlint, '--format', 'json', 'src'], { cwd: copy, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error?.code === 1) resolve((JSON.parse(stdout) as { diagnostics: Found[] }).diagnostics)
      else reject(new Error(`oxlint ended with ${error?.code ?? 0}: ${stdout}${stderr}`))
    })
  })
}
