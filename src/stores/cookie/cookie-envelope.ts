import type { Entry } from '../../core/store/store.ts'

/** What a token holds. */
export interface Envelope {
  /** Names the session for its life. */
  readonly family: string
  readonly entry: Entry
}

const TEXTS = ['proof', 'version', 'commits'] as const
const INSTANTS = ['idAt', 'createdAt', 'seenAt', 'expiresAt'] as const

/** One line of JSON, then the payload as it is: most of a token is payload, and quoted twice it would be longer. */
export function printEnvelope({ family, entry: { payload, ...rest } }: Envelope): string {
  return `${JSON.stringify([family, rest])}\n${payload}`
}

/** What was printed, or `undefined` for any other text: whoever has the secret may have sealed something else. Never throws. */
export function parseEnvelope(text: string): Envelope | undefined {
  const end = text.indexOf('\n')
  const head = end === -1 ? undefined : parsed(text.slice(0, end))
  if (!Array.isArray(head) || typeof head[0] !== 'string' || !isRest(head[1])) return undefined
  return { family: head[0], entry: Object.freeze({ ...head[1], payload: text.slice(end + 1) }) }
}

function isRest(rest: unknown): rest is Omit<Entry, 'payload'> {
  if (typeof rest !== 'object' || rest === null) return false
  const fields = rest as Readonly<Record<string, unknown>>
  if (!['undefined', 'string'].includes(typeof fields['userId'])) return false
  return TEXTS.every((name) => typeof fields[name] === 'string') && INSTANTS.every((name) => Number.isFinite(fields[name]))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
