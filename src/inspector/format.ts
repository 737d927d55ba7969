import { type Html, html } from './html.ts'

const numbers = new Intl.NumberFormat('en')
const rounded = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' })

const SHORT = { day: 'd', hour: 'h', minute: 'min', second: 's' } as const

const UNITS: readonly (readonly [unit: keyof typeof SHORT, milliseconds: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
]

export const formatNumber = (value: number): string => numbers.format(value)

/** A size of UTF-16 code units: `3.2 K`, of which one has 1024. */
export function formatSize(size: number): string {
  if (size < 1024) return formatNumber(size)
  return size < 1024 ** 2 ? `${rounded.format(size / 1024)} K` : `${rounded.format(size / 1024 ** 2)} M`
}

/** A duration, with its largest unit: `2 d`, `10 min`. */
export function formatDuration(milliseconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => milliseconds >= length) ?? ['second', 1000]
  return `${Math.round(milliseconds / length)} ${SHORT[unit]}`
}

/** Milliseconds of an operation: `0.42 ms`. */
export const formatLatency = (milliseconds: number): string => `${rounded.format(milliseconds)} ms`

/** A time relative to now, with the absolute one as its title. */
export function time(at: number, now: number): Html {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(at - now) >= length) ?? ['second', 1000]
  const text = relative.format(Math.round((at - now) / length), unit)
  return html`<time datetime="${new Date(at).toISOString()}" title="${absolute.format(at)} UTC">${text}</time>`
}

const MAX_VALUE = 4000

/** A value of a property as text. Long ones are cut off. */
export function formatValue(value: unknown): string {
  const text = printValue(value)
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}… (${formatNumber(text.length)} characters)` : text
}

function printValue(value: unknown): string {
  try {
    return JSON.stringify(value, replacer, 2) ?? String(value)
  } catch {
    return 'This value contains itself and cannot be shown.'
  }
}

/** Shows what JSON does not have. */
function replacer(this: unknown, name: string, value: unknown): unknown {
  const original: unknown = (this as Record<string, unknown>)[name] // a Date has a toJSON
  switch (Object.prototype.toString.call(original).slice('[object '.length, -1)) {
    case 'Date':
      return Number.isNaN((original as Date).getTime()) ? 'Invalid Date' : value
    case 'Map':
      return { Map: [...(value as Map<unknown, unknown>)] }
    case 'Set':
      return { Set: [...(value as Set<unknown>)] }
    case 'BigInt':
      return `${String(value)}n`
    case 'RegExp':
    case 'Undefined':
      return String(value)
    case 'Number':
      return Number.isFinite(value) ? value : String(value)
    default:
      return ArrayBuffer.isView(value) ? `${value.byteLength} bytes` : value
  }
}
