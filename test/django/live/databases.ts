import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import type { DjangoOptions } from '../../../src/django/django.ts'
import { freshTable } from '../../services/fresh-table.ts'
import { MYSQL } from '../../services/mysql/mysql-pools.ts'
import { POSTGRES } from '../../services/postgres/postgres-pool.ts'
import type { UserRow, Users } from './node-app.ts'

/** A database that both apps use, and how each of them is configured for it. */
export interface SharedDatabase {
  /** Of Django's `settings.py`. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly options: Pick<DjangoOptions, 'database' | 'timeZone'>
  /** The table of users. */
  users(table?: string): Users
  remove(): Promise<void>
}

type DatabaseCase = readonly [name: string, isAvailable: boolean, open: () => Promise<SharedDatabase>]

/** One database of each kind. The MariaDB one belongs to a site with `USE_TZ = False`, so its dates are local times. */
export const sharedDatabases: readonly DatabaseCase[] = [
  ['SQLite', true, openSqlite],
  ['PostgreSQL', POSTGRES !== '', openPostgres],
  ['MariaDB', MYSQL !== '', openMysql],
]

/** Creates a SQLite file in a new folder. */
export async function openSqlite(): Promise<SharedDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-django-'))
  const path = join(folder, 'db.sqlite3')
  const database = new DatabaseSync(path, { timeout: 5000 })
  const query: Query = async (sql, values) => database.prepare(sql).all(...(values as SQLInputValue[])) as unknown as UserRow[]
  return {
    settings: { DATABASES: { default: { ENGINE: 'django.db.backends.sqlite3', NAME: path, OPTIONS: { timeout: 5 } } }, USE_TZ: true },
    options: { database: path },
    users: (table) => createUsers({ query, placeholder: () => '?', boolean: Number }, table),
    async remove() {
      database.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function openPostgres(): Promise<SharedDatabase> {
  const name = freshTable()
  await onServer((client) => client.query(`CREATE DATABASE ${name}`))
  const { hostname, port, username } = new URL(POSTGRES)
  const pool = new pg.Pool({ connectionString: POSTGRES.replace(/\/\w+$/, `/${name}`) })
  const settings = { ENGINE: 'django.db.backends.postgresql', NAME: name, HOST: hostname, PORT: port, USER: username }
  const query: Query = async (sql, values) => (await pool.query(sql, [...values])).rows as UserRow[]
  return {
    settings: { DATABASES: { default: settings }, USE_TZ: true },
    options: { database: pool },
    users: (table) => createUsers({ query, placeholder: (n) => `$${n}`, boolean: (value) => value }, table),
    async remove() {
      await pool.end()
      await onServer((client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`))
    },
  }
}

async function onServer(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: POSTGRES })
  await client.connect()
  await work(client)
  await client.end()
}

async function openMysql(): Promise<SharedDatabase> {
  const name = freshTable()
  const { hostname, port, username } = new URL(MYSQL)
  const server = createPool({ uri: MYSQL, connectionLimit: 1 })
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  const pool = createPool({ uri: MYSQL.replace(/\/\w+$/, `/${name}`) })
  const options = { charset: 'utf8mb4' }
  const settings = { ENGINE: 'django.db.backends.mysql', NAME: name, HOST: hostname, PORT: port, USER: username, OPTIONS: options }
  const timeZone = 'Asia/Kolkata'
  const query: Query = async (sql, values) => (await pool.query<(RowDataPacket & UserRow)[]>(sql, [...values]))[0]
  return {
    settings: { DATABASES: { default: settings }, USE_TZ: false, TIME_ZONE: timeZone },
    options: { database: pool, timeZone },
    users: (table) => createUsers({ query, placeholder: () => '?', boolean: (value) => value }, table),
    async remove() {
      await pool.end()
      await server.query<ResultSetHeader>(`DROP DATABASE ${name}`)
      await server.end()
    },
  }
}

type Query = (sql: string, values: readonly unknown[]) => Promise<readonly UserRow[]>

interface UserQueries {
  readonly query: Query
  placeholder(n: number): string
  boolean(value: boolean): unknown
}

function createUsers({ query, placeholder, boolean }: UserQueries, table = 'auth_user'): Users {
  return {
    async find(column, value) {
      const [user] = await query(`SELECT * FROM ${table} WHERE ${column} = ${placeholder(1)}`, [value])
      return user
    },
    async update(username, column, value) {
      const written = typeof value === 'boolean' ? boolean(value) : value
      await query(`UPDATE ${table} SET ${column} = ${placeholder(1)} WHERE username = ${placeholder(2)}`, [written, username])
    },
  }
}
