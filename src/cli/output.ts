import { inspect, types } from 'node:util'
import { printable } from './printable.ts'

/** A cell of a table is cut off after this many characters. JSON has all of them. */
const MAX_CELL = 100

/** Prints rows as a table. */
export async function printTable(head: readonly string[], rows: readonly (readonly string[])[]): Promise<void> {
  const { default: Table } = await import('cli-table3')
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } })
  const cells = rows.map((row) => row.map((cell) => printable(shortened(cell))))
  table.push(...cells)
  const text = table.toString()
  const width = text.indexOf('\n') // the first line is only the border
  const { isTTY, columns } = process.stdout // 0 columns: the terminal has no size
  console.log(isTTY && columns > 0 && width > columns ? toLines(head, cells) : text)
}

/** A table that is wider than the terminal, as a list. */
function toLines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cell: string, index: number): string => `  ${head[index + 1] === '' ? '' : `${head[index + 1]}: `}${cell}`
  return rows.map(([title = '', ...cells]) => [title, ...cells.map(line)].join('\n')).join('\n')
}

/** Prints one JSON object on one line. */
export function printJson(value: unknown): void {
  console.log(printable(JSON.stringify(value, toJson)))
}

/** Values that JSON does not have are printed as text. */
function toJson(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint' || value === Number.POSITIVE_INFINITY) return String(value)
  return types.isMap(value) || types.isSet(value) ? inspect(value, WHOLE) : value
}

const { POSITIVE_INFINITY: ALL } = Number
const WHOLE = { depth: ALL, maxArrayLength: ALL, maxStringLength: ALL, breakLength: ALL } as const

/** The value, or its text if it contains itself, which JSON cannot express. */
export function toJsonValue(value: unknown): unknown {
  try {
    JSON.stringify(value, toJson)
    return value
  } catch {
    return inspect(value, WHOLE)
  }
}

export function formatTime(timestamp: number): string {
  return Number.isFinite(timestamp) ? new Date(timestamp).toISOString().slice(0, 19).replace('T', ' ') : 'never'
}

/** Sizes are UTF-16 code units, which for most payloads are bytes. */
export function formatSize(size: number): string {
  if (size < 1024) return String(size)
  return size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} K` : `${(size / 1024 / 1024).toFixed(1)} M`
}

export function formatAge(milliseconds: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const
  const [length, unit] = units.find(([each]) => milliseconds >= each) ?? [1000, 's']
  return `${Math.round(milliseconds / length)} ${unit}`
}

export function formatSessions(count: number): string {
  return count === 1 ? '1 session' : `${count} sessions`
}

/** A value on one line. */
export function formatStored(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 3 })
}

function shortened(text: string): string {
  return text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text
}
