import { NO_TEXT } from '../shared/utf8-text.ts'
import type { BatchableStatement } from '../sql/remote-database.ts'
import { ALL_COLUMNS, COLUMNS, columnList, quoteTable, type SqlStatement, type SqlStatements } from '../sql/sql-statements.ts'
import type { SqlValue } from '../sql/sql-store.ts'

type Value = readonly [name: string, type: 'text' | 'bigint']

const KEY: Value = ['key', 'text']
const EXPECTED: Value = ['expected', 'text']
const NOW: Value = ['now', 'bigint']
const ROW: readonly Value[] = ALL_COLUMNS.map((name) => [name, name.endsWith('_at') ? 'bigint' : 'text'])
const TOUCH: readonly Value[] = [['expires_at', 'bigint'], ['seen_at', 'bigint'], KEY, EXPECTED, NOW, ['least', 'bigint']]

/** Returns the statements that are batched. Rare statements run alone. */
export function batchableStatements(name: string, statements: SqlStatements): ReadonlyMap<SqlStatement, BatchableStatement> {
  const table = quoteTable(name)
  const write = (keyIndex: number, values: readonly Value[], textOf: TextOfLists): BatchableStatement => ({
    keyIndex,
    isRead: false,
    toBatch: toLists(values, textOf),
  })
  return new Map([
    [statements.load, { keyIndex: 0, isRead: true, toBatch: toLists([KEY], ([keys = '']) => loadText(table, keys)) }],
    [statements.create, write(COLUMNS.length, ROW, (lists) => createText(table, lists))],
    [statements.replace, write(COLUMNS.length, [...ROW, EXPECTED, NOW], (lists) => replaceText(table, lists))],
    [statements.touch, write(2, TOUCH, (lists) => touchText(table, lists))],
  ])
}

type TextOfLists = (lists: readonly string[]) => string

/**
 * Each value of a statement becomes a list in the batch. A list of texts is sent as its texts with
 * a separator between them, not as a PostgreSQL array: with arrays, each quote of a payload is
 * escaped and unescaped in the server, which took 770 µs of CPU time for 50 KB instead of 63 µs
 * (decision 0040).
 */
function toLists(values: readonly Value[], textOf: TextOfLists): BatchableStatement['toBatch'] {
  const text = textOf(values.map(listParameter))
  return (many) => {
    const separator = unusedSeparator(many)
    const lists = values.map(([, type], index) => {
      const list = many.map((one) => one[index] ?? null)
      return type === 'text' ? list.map((value) => value ?? NO_TEXT).join(separator) : `{${list.join(',')}}`
    })
    return { text, values: [separator, ...lists] }
  }
}

function listParameter([, type]: Value, index: number): string {
  const list = `$${index + 2}`
  return type === 'text' ? `string_to_array(${list}::text, $1::text, chr(${NO_TEXT.charCodeAt(0)}))` : `${list}::bigint[]`
}

/**
 * Returns a separator that no value contains. Its first and last characters differ, so it cannot
 * overlap itself at the end of a text.
 */
function unusedSeparator(many: readonly (readonly SqlValue[])[]): string {
  for (let n = 0; ; n += 1) {
    const separator = `\u001e${n}\u001f`
    const isUsed = many.some((values) => values.some((value) => typeof value === 'string' && value.includes(separator)))
    if (!isUsed) return separator
  }
}

function loadText(table: string, keys: string): string {
  return `SELECT ${columnList(ALL_COLUMNS)} FROM ${table} WHERE "key" = ANY(${keys})`
}

/** Skips keys that exist. */
function createText(table: string, lists: readonly string[]): string {
  const columns = columnList(ALL_COLUMNS)
  return `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM ${rows(ROW, lists)} ON CONFLICT ("key") DO NOTHING RETURNING "key"`
}

function replaceText(table: string, lists: readonly string[]): string {
  const set = COLUMNS.map((name) => `"${name}" = w."${name}"`).join(', ')
  return changeText(table, rows([...ROW, EXPECTED, NOW], lists), set, 's."version" = w."expected" AND s."expires_at" > w."now"')
}

function touchText(table: string, lists: readonly string[]): string {
  const where = 's."version" = w."expected" AND s."expires_at" > w."now" AND s."expires_at" <= w."least"'
  return changeText(table, rows(TOUCH, lists), '"expires_at" = w."expires_at", "seen_at" = w."seen_at"', where)
}

function rows(values: readonly Value[], lists: readonly string[]): string {
  return `unnest(${lists.join(', ')}) AS w(${columnList(values.map(([name]) => name))})`
}

/**
 * One UPDATE of several rows, each under its own conditions. The rows are locked first, without
 * waiting: a row that is locked is skipped, so two of these statements never wait for each other.
 * The lock is taken on the newest row, and the conditions are judged there. The UPDATE repeats them
 * to make them visible where the row is overwritten.
 */
function changeText(table: string, from: string, set: string, where: string): string {
  return `WITH w AS MATERIALIZED (
  SELECT * FROM ${from}
), free AS MATERIALIZED (
  SELECT s."key" FROM ${table} AS s JOIN w ON s."key" = w."key" WHERE ${where} FOR UPDATE OF s SKIP LOCKED
)
UPDATE ${table} AS s SET ${set} FROM w JOIN free ON free."key" = w."key" WHERE s."key" = w."key" AND ${where} RETURNING s."key"`
}
