import { ConfigError } from '../../core/base/errors.ts'

/** The last instant that Django's dates reach: their years have four digits. */
export const LAST_INSTANT: number = Date.UTC(9999, 11, 31)

/**
 * The clock of a Django site with `USE_TZ = False`, which keeps local times. A local time is given as the instant at which a clock in UTC
 * shows it.
 */
export interface LocalTime {
  toLocal(instant: number): number
  toInstant(local: number): number
  /** What stands behind a date: nothing where all dates are local times, which cannot be compared with others. */
  readonly offset: '+00:00' | ''
}

/** A site that keeps UTC, as every one does with `USE_TZ = True`. */
export const utc: LocalTime = { toLocal: (instant) => instant, toInstant: (local) => local, offset: '+00:00' }

/** The clock of a `TIME_ZONE`, `UTC` too. Throws `ConfigError` for one that this runtime does not know. */
export function localTimeOf(timeZone: string): LocalTime {
  const format = formatOf(timeZone)
  const toLocal = (instant: number): number => instant + offsetAt(format, instant)
  return {
    toLocal,
    // Guessed by the offset then, and mended by the one at the guess. Of an hour that comes twice one is taken.
    toInstant: (local) => local - offsetAt(format, local - offsetAt(format, local)),
    offset: '',
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    const digits = '2-digit'
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: digits,
      day: digits,
      hour: digits,
      minute: digits,
      second: digits,
    })
  } catch (cause) {
    throw new ConfigError(
      `Option \`timeZone\` is '${timeZone}': this runtime does not know it; give Django's TIME_ZONE, such as 'Europe/Berlin'.`,
      { cause },
    )
  }
}

function offsetAt(format: Intl.DateTimeFormat, instant: number): number {
  const whole = Math.floor(instant / 1000) * 1000
  const part = Object.fromEntries(format.formatToParts(whole).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole
}

/**
 * An instant as Django writes it where a database keeps it as text, or without a time zone: no offset, no fraction where that is zero. Such
 * texts compare like the instants.
 */
export function toDjangoText(instant: number, localTime: LocalTime): string {
  const text = new Date(localTime.toLocal(Math.min(instant, LAST_INSTANT))).toISOString().replace('T', ' ')
  return text.endsWith('.000Z') ? text.slice(0, -5) : `${text.slice(0, -1)}000`
}

const TEXT = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?$/

/** The instant, in whole milliseconds; `NaN` for what is no such text. */
export function fromDjangoText(text: string, localTime: LocalTime): number {
  const [, date, time, fraction = ''] = TEXT.exec(text) ?? []
  return date === undefined ? Number.NaN : localTime.toInstant(Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}Z`))
}
