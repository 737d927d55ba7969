/** A length of time: seconds, or a text such as `'90s'`, `'30m'`, `'12h'`, `'14d'`, `'2w'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** The longest a browser keeps a cookie, in milliseconds. */
export const MAX_DURATION: number = 400 * 86_400_000

/** What a duration may look like, for messages. */
export const DURATION_FORMS = "seconds, or a text such as '30m', '12h', '14d'; longer than nothing, at most 400 days"

/** Milliseconds; `undefined` for whatever is not a positive duration of at most 400 days. */
export function milliseconds(duration: unknown): number | undefined {
  const length = typeof duration === 'number' ? duration * 1000 : typeof duration === 'string' ? parse(duration) : Number.NaN
  return length > 0 && length <= MAX_DURATION ? Math.round(length) : undefined
}

function parse(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text) ?? []
  return amount === undefined || unit === undefined ? Number.NaN : Number(amount) * (UNITS[unit] as number)
}
