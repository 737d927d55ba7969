import { ConfigError } from '../../core/base/errors.ts'

/** The last timestamp that Django's dates reach: their years have four digits. */
export const MAX_TIMESTAMP: number = Date.UTC(9999, 11, 31)

/**
 * Converts between timestamps and the local times of a Django site with `USE_TZ = False`. A local
 * time is represented by the timestamp at which a UTC clock shows it.
 */
export interface LocalTime {
  toLocal(timestamp: number): number
  toTimestamp(local: number): number
  /**
   * Follows an ISO date. Empty where dates are local times, because Python does not compare them
   * with others.
   */
  readonly offset: '+00:00' | ''
}

/** The times of a site with `USE_TZ = True`, which stores UTC. */
export const utc: LocalTime = { toLocal: (timestamp) => timestamp, toTimestamp: (local) => local, offset: '+00:00' }

/**
 * The local times of a `TIME_ZONE`, including `UTC`. Throws `ConfigError` for a zone that this
 * runtime does not know.
 */
export function localTimeOf(timeZone: string, option = 'timeZone'): LocalTime {
  const format = formatOf(timeZone, option)
  const toLocal = (timestamp: number): number => timestamp + offsetAt(format, timestamp)
  return {
    toLocal,
    // A first estimate, corrected by the offset at the estimate. Of an hour that occurs twice, one
    // is taken.
    toTimestamp: (local) => local - offsetAt(format, local - offsetAt(format, local)),
    offset: '',
  }
}

const NUMERIC = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const

function formatOf(timeZone: string, option: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { ...NUMERIC, timeZone, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23' })
  } catch (cause) {
    throw new ConfigError(
      `djangoSessions: the option \`${option}\` cannot be '${timeZone}': this runtime does not know the zone. Give Django's TIME_ZONE, such as 'Europe/Berlin'.`,
      { cause },
    )
  }
}

function offsetAt(format: Intl.DateTimeFormat, timestamp: number): number {
  const seconds = Math.floor(timestamp / 1000) * 1000
  const parts = Object.fromEntries(format.formatToParts(seconds).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds
}

/**
 * Formats a timestamp as Django does for a column of text, or of dates without a time zone: no
 * offset, and no fraction where it is zero. The texts sort like the timestamps.
 */
export function formatDjangoDate(timestamp: number, localTime: LocalTime): string {
  const text = new Date(localTime.toLocal(Math.min(timestamp, MAX_TIMESTAMP))).toISOString().replace('T', ' ')
  return text.endsWith('.000Z') ? text.slice(0, -5) : `${text.slice(0, -1)}000`
}

const DATE = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?$/

/** Returns the timestamp in whole milliseconds; `NaN` for a text that is not such a date. */
export function parseDjangoDate(text: string, localTime: LocalTime): number {
  const [, date, time, fraction = ''] = DATE.exec(text) ?? []
  return date === undefined ? Number.NaN : localTime.toTimestamp(Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`))
}
