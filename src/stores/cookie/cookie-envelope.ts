import type { Entry } from '../../core/store/store.ts'

/** The content of a token. */
export interface Envelope {
  /** Identifies the session for its whole life. */
  readonly family: string
  readonly entry: Entry
}

const TEXTS = ['proof', 'version', 'commits'] as const
const TIMESTAMPS = ['idAt', 'createdAt', 'seenAt', 'expiresAt'] as const

/**
 * Formats one line of JSON and then the payload as it is. The payload is most of a token, and
 * escaping it again would make it longer.
 */
export function formatEnvelope({ family, entry: { payload, ...rest } }: Envelope): string {
  return `${JSON.stringify([family, rest])}\n${payload}`
}

/**
 * Parses an envelope. Returns `undefined` for any other text, because other software may seal with
 * the same secret. Never throws.
 */
export function parseEnvelope(text: string): Envelope | undefined {
  const end = text.indexOf('\n')
  const head = end === -1 ? undefined : parseJson(text.slice(0, end))
  if (!Array.isArray(head) || typeof head[0] !== 'string' || !isEntryHead(head[1])) return undefined
  return { family: head[0], entry: Object.freeze({ ...head[1], payload: text.slice(end + 1) }) }
}

function isEntryHead(value: unknown): value is Omit<Entry, 'payload'> {
  if (typeof value !== 'object' || value === null) return false
  const fields = value as Readonly<Record<string, unknown>>
  if (!['undefined', 'string'].includes(typeof fields['userId'])) return false
  return TEXTS.every((name) => typeof fields[name] === 'string') && TIMESTAMPS.every((name) => Number.isFinite(fields[name]))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
