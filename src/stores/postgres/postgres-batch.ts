import { NO_TEXT } from '../shared/utf8-text.ts'
import type { Together } from '../sql/remote-database.ts'
import { ALL_COLUMNS, COLUMNS, named, quoted, type SqlStatement, type SqlStatements } from '../sql/sql-statements.ts'
import type { SqlValue } from '../sql/sql-store.ts'

type Value = readonly [name: string, type: 'text' | 'bigint']

const KEY: Value = ['key', 'text']
const EXPECTED: Value = ['expected', 'text']
const NOW: Value = ['now', 'bigint']
const ROW: readonly Value[] = ALL_COLUMNS.map((name) => [name, name.endsWith('_at') ? 'bigint' : 'text'])
const TOUCH: readonly Value[] = [['expires_at', 'bigint'], ['seen_at', 'bigint'], KEY, EXPECTED, NOW, ['least', 'bigint']]

/** The statements that travel together. What is rarer goes alone. */
export function togetherOf(name: string, statements: SqlStatements): ReadonlyMap<SqlStatement, Together> {
  const table = quoted(name)
  return new Map([
    [statements.load, { keyAt: 0, reads: true, of: inLists([KEY], ([keys = '']) => loadText(table, keys)) }],
    [statements.create, { keyAt: COLUMNS.length, reads: false, of: inLists(ROW, (lists) => createText(table, lists)) }],
    [
      statements.replace,
      { keyAt: COLUMNS.length, reads: false, of: inLists([...ROW, EXPECTED, NOW], (lists) => replaceText(table, lists)) },
    ],
    [statements.touch, { keyAt: 2, reads: false, of: inLists(TOUCH, (lists) => touchText(table, lists)) }],
  ])
}

/**
 * Each of the values becomes the list of everybody's. Lists of texts are their texts with a separator between them, and not an array as
 * PostgreSQL writes it: to escape each quote of a payload, and to undo that in the server, cost more than all the rest of a write.
 */
function inLists(values: readonly Value[], textOf: (lists: readonly string[]) => string): Together['of'] {
  const text = textOf(values.map(listed))
  return (many) => {
    const separator = separatorOf(many)
    const lists = values.map(([, type], index) => {
      const list = many.map((one) => one[index] ?? null)
      return type === 'text' ? list.map((value) => value ?? NO_TEXT).join(separator) : `{${list.join(',')}}`
    })
    return { text, values: [separator, ...lists] }
  }
}

function listed([, type]: Value, index: number): string {
  const list = `$${index + 2}`
  return type === 'text' ? `string_to_array(${list}::text, $1::text, chr(${NO_TEXT.charCodeAt(0)}))` : `${list}::bigint[]`
}

/** None of the values holds it. It begins and ends with different characters, so that it cannot overlap itself at the end of a text. */
function separatorOf(many: readonly (readonly SqlValue[])[]): string {
  const isIn = (value: SqlValue, separator: string): boolean => typeof value === 'string' && value.includes(separator)
  for (let n = 0; ; n += 1) {
    const separator = `\u001e${n}\u001f`
    if (!many.some((values) => values.some((value) => isIn(value, separator)))) return separator
  }
}

function loadText(table: string, keys: string): string {
  return `SELECT ${named(ALL_COLUMNS)} FROM ${table} WHERE "key" = ANY(${keys})`
}

/** Keys that are there already stay out. */
function createText(table: string, lists: readonly string[]): string {
  const columns = named(ALL_COLUMNS)
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
  return `unnest(${lists.join(', ')}) AS w(${named(values.map(([name]) => name))})`
}

/**
 * One UPDATE of many rows, each under its own conditions. The rows are locked first, without waiting for any: one that somebody else holds
 * stays out, and so two of these statements can never wait for each other. The lock is taken on the newest row and judges that one; the
 * UPDATE says its conditions all the same, so that whoever reads it sees what it may overwrite.
 */
function changeText(table: string, from: string, set: string, where: string): string {
  return `WITH w AS MATERIALIZED (
  SELECT * FROM ${from}
), free AS MATERIALIZED (
  SELECT s."key" FROM ${table} AS s JOIN w ON s."key" = w."key" WHERE ${where} FOR UPDATE OF s SKIP LOCKED
)
UPDATE ${table} AS s SET ${set} FROM w JOIN free ON free."key" = w."key" WHERE s."key" = w."key" AND ${where} RETURNING s."key"`
}
