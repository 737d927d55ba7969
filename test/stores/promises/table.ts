// The table of docs/stores.md: which store keeps which promise. Each cell is the result of a probe.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { djangoLogin } from '../../../src/django/login/django-login.ts'
import { djangoSessions } from '../../../src/django/sessions/django-sessions.ts'
import { createSessions, type Store } from '../../../src/index.ts'
import { CachedStore } from '../../../src/stores/cached.ts'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { DJANGO_TABLE } from '../../django/tables.ts'
import { storeAt } from '../../services/store-at.ts'
import { PROBES, type Probe, type Rows, Site } from './probes.ts'

/** A store of the table. Each call opens other rows. */
export interface Column {
  readonly name: string
  readonly open: (count: number) => Rows
}

export const STORES_PAGE: string = join(import.meta.dirname, '../../../docs/stores.md')

export function readStoresPage(): string {
  return readFileSync(STORES_PAGE, 'utf8')
}

const SECRET = 'V9x2mQ7rT4bK8nW3zL6pJ1sD5fG0hYcA'

function column(name: string, open: (count: number) => Store): Column {
  return {
    name,
    open(count) {
      const store = open(count)
      return {
        manager: (options) => createSessions<any>({ store, ...options }),
        sealed: (options) => createSessions<any>({ store: new SealedStore({ store, secrets: SECRET }), ...options }),
        close: async () => store.close?.(),
      }
    },
  }
}

/** The stores that need no server. */
export const LOCAL: readonly Column[] = [
  column('memory', () => new MemoryStore()),
  column('SQLite', () => new SqliteStore(':memory:')),
  column('cached', () => new CachedStore({ store: new SqliteStore(':memory:'), cache: new MemoryStore(), maxStale: '10s' })),
  column('sealed rows', () => new SealedStore({ store: new SqliteStore(':memory:'), secrets: SECRET })),
  column('sealed cookie', () => new CookieStore({ secrets: SECRET })),
  column('sealed cookie with `revocation`', () => new CookieStore({ secrets: SECRET, revocation: new SqliteStore(':memory:') })),
  { name: "Django's table", open: djangoTable },
]

/** A store on a server, which has a new table or prefix for every probe. */
export function onServer(name: string, url: string): Column {
  return column(name, (count) => storeAt(`${url}#promises_${process.pid}_${count}`))
}

function djangoTable(): Rows {
  const database = new DatabaseSync(':memory:')
  database.exec(DJANGO_TABLE.sqlite('django_session'))
  return {
    manager: (options) =>
      djangoSessions<any>({ secretKey: 'a secret of Django', database, ...options } as Parameters<typeof djangoSessions>[0]),
    login: (session, id, facts) => djangoLogin(session, { id, password: 'a hash' }, facts),
  }
}

/** The cells of one column: ✓, the code of the refusal, or – if the promise does not hold. */
export async function cellsOf({ open }: Column): Promise<readonly string[]> {
  const cells: string[] = []
  for (const [index, probe] of Object.values(PROBES).entries()) {
    const rows = open(index)
    cells.push(await cellOf(new Site(rows), probe))
    await rows.close?.()
  }
  return cells
}

async function cellOf(site: Site, probe: Probe): Promise<string> {
  try {
    return (await probe(site)) ? '✓' : '–'
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (typeof code === 'string' && code.startsWith('ERR_SESSION_')) return `refused (\`${code.slice('ERR_SESSION_'.length)}\`)`
    throw error
  }
}

const MARKERS = /(<!-- promises -->\n)[^]*?(<!-- \/promises -->)/

/** Replaces the table in a document. */
export function withTable(document: string, table: string): string {
  return document.replace(MARKERS, (_, open: string, close: string) => `${open}${table}${close}`)
}

export function printTable(columns: readonly { readonly name: string; readonly cells: readonly string[] }[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  const head = line(['', ...columns.map(({ name }) => name)]) + line(['---', ...columns.map(() => '---')])
  const rows = Object.keys(PROBES).map((name, index) => line([name, ...columns.map(({ cells }) => cells[index] ?? '')]))
  return head + rows.join('')
}

/** Reads a column of the table in a document; `undefined` if it has none. */
export function columnIn(document: string, name: string): readonly string[] | undefined {
  const rows = (MARKERS.exec(document)?.[0] ?? '').split('\n').filter((row) => row.startsWith('|'))
  const cells = rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  const at = cells[0]?.indexOf(name) ?? -1
  return at === -1 ? undefined : cells.slice(2).map((row) => row[at] ?? '')
}
