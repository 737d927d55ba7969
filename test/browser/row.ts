import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** The expected content of the panel, read from the table without the library. */
export interface Row {
  readonly version: string
  readonly expires: string
  readonly properties: Record<string, string>
}

/** Returns the key of the row of an id, which is also the handle: the SHA-256 of the first part of the id. */
export function handleOf(id: string): string {
  return createHash('sha256')
    .update(id.split('.')[0] ?? '')
    .digest('base64url')
}

/** Returns the row of an id. */
export function rowOf(database: string, id: string): Row | undefined {
  const row = query(database, 'SELECT version, expires_at AS expires, payload FROM sessions WHERE key = ?', handleOf(id))[0]
  return (
    row && { version: String(row.version), expires: new Date(Number(row.expires)).toISOString(), properties: texts(String(row.payload)) }
  )
}

export function countRows(database: string): number {
  return Number(query(database, 'SELECT count(*) AS n FROM sessions')[0]?.n ?? 0)
}

function query(database: string, sql: string, ...values: string[]): Record<string, unknown>[] {
  if (!existsSync(database)) return [] // the store creates the file with its first operation
  const connection = new DatabaseSync(database, { readOnly: true })
  try {
    return connection.prepare(sql).all(...values)
  } finally {
    connection.close()
  }
}

function texts(payload: string): Record<string, string> {
  return Object.fromEntries(Object.entries(JSON.parse(payload) as object).map(([name, value]) => [name, JSON.stringify(value)]))
}
