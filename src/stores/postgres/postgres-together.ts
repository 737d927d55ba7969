import type { Together } from '../sql/remote-database.ts'
import { COLUMNS, quoted, type SqlStatement, type SqlStatements } from '../sql/sql-statements.ts'
import type { SqlValue } from '../sql/sql-store.ts'

const TEXT = 'text'
const INSTANT = 'bigint'
const COLUMN_TYPES = COLUMNS.map((name) => (name.endsWith('_at') ? INSTANT : TEXT))

/** The statements that travel together: loads, replaces, touches. What is rarer goes alone. */
export function togetherOf(name: string, statements: SqlStatements): ReadonlyMap<SqlStatement, Together> {
  const table = quoted(name)
  return new Map([
    [statements.load, { keyAt: 0, reads: true, of: loads(loadText(table)) }],
    [statements.replace, { keyAt: COLUMNS.length, reads: false, of: changes(replaceText(table)) }],
    [statements.touch, { keyAt: 2, reads: false, of: changes(touchText(table)) }],
  ])
}

/** For a read the list of the keys is enough. */
function loads(text: string): Together['of'] {
  return (many) => ({ text, values: [listText([...new Set(many.map(([key]) => key))])] })
}

/** Each of the values becomes the list of everybody's. */
function changes(text: string): Together['of'] {
  return (many) => ({ text, values: many[0]?.map((_, index) => listText(many.map((values) => values[index]))) ?? [] })
}

function loadText(table: string): string {
  return `SELECT ${COLUMNS.map((name) => `"${name}"`).join(', ')}, "key" FROM ${table} WHERE "key" = ANY($1::text[])`
}

function replaceText(table: string): string {
  const values = [...COLUMNS, 'key', 'expected', 'now']
  return changeText(table, {
    values: values.map((value, index) => [value, COLUMN_TYPES[index] ?? (value === 'now' ? INSTANT : TEXT)]),
    set: COLUMNS.map((name) => `"${name}" = w."${name}"`).join(', '),
    where: 's."version" = w."expected" AND s."expires_at" > w."now"',
  })
}

function touchText(table: string): string {
  return changeText(table, {
    values: [
      ['expires_at', INSTANT],
      ['seen_at', INSTANT],
      ['key', TEXT],
      ['expected', TEXT],
      ['now', INSTANT],
      ['least', INSTANT],
    ],
    set: '"expires_at" = w."expires_at", "seen_at" = w."seen_at"',
    where: 's."version" = w."expected" AND s."expires_at" > w."now" AND s."expires_at" <= w."least"',
  })
}

interface Change {
  readonly values: readonly (readonly [name: string, type: string])[]
  readonly set: string
  readonly where: string
}

/**
 * One UPDATE of many rows, each under its own conditions. The rows are locked first, without waiting for any: one that somebody else holds
 * stays out, and so two of these statements can never wait for each other. The lock is taken on the newest row and judges that one; the
 * UPDATE says its conditions all the same, so that whoever reads it sees what it may overwrite.
 */
function changeText(table: string, { values, set, where }: Change): string {
  const lists = values.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')
  const names = values.map(([name]) => `"${name}"`).join(', ')
  return `WITH w AS MATERIALIZED (
  SELECT * FROM unnest(${lists}) AS w(${names})
), free AS MATERIALIZED (
  SELECT s."key" FROM ${table} AS s JOIN w ON s."key" = w."key" WHERE ${where} FOR UPDATE OF s SKIP LOCKED
)
UPDATE ${table} AS s SET ${set} FROM w JOIN free ON free."key" = w."key" WHERE s."key" = w."key" AND ${where} RETURNING s."key"`
}

/** A list as PostgreSQL writes it. As a text it passes through every library as it is. */
function listText(values: readonly (SqlValue | undefined)[]): string {
  return `{${values.map((value) => (typeof value === 'string' ? `"${value.replace(/["\\]/g, '\\$&')}"` : (value ?? 'NULL'))).join(',')}}`
}
