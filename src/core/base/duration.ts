/** A length of time: a text with a unit, such as `'90s'`, `'30m'`, `'12h'`, `'14d'`, `'2w'`. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY }

/** The longest time that browsers keep a cookie, in milliseconds. */
const MAX_DURATION = 400 * DAY

/**
 * Returns milliseconds, or `undefined` if the value is not a positive duration of at most 400 days.
 */
export function milliseconds(duration: unknown): number | undefined {
  const [, amount, unit = ''] = (typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(duration) : undefined) ?? []
  const length = Number(amount) * (UNITS[unit] ?? Number.NaN)
  return length > 0 && length <= MAX_DURATION ? Math.round(length) : undefined
}

/** Returns the remedy for a value that is not a duration, for error messages. */
export function durationRemedy(value: unknown): string {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value))
    return `a number has no unit; write '${value}s' for seconds or '${value}ms' for milliseconds`
  return "pass a text with a unit, such as '90s', '30m', '12h' or '14d', at most 400 days"
}
