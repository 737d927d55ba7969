import type { Entry, Version } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'

/**
 * A session is one string in Redis. It begins with three timestamps of fixed width, which scripts
 * read and change in place. Then come one line with the version and one with the user, which
 * scripts compare, one line that only this package reads, and the payload.
 *
 * expiresAt seenAt listedUntil "version" ⏎ "user" ⏎ ["proof",idAt,createdAt,"commits"] ⏎ payload
 *
 * The lines are JSON, which contains no line breaks.
 */
const WIDTH = 16
const HEAD = 3 * WIDTH

/** Scripts reply with a record or with a word that is shorter than any record. */
export function isRecord(reply: string): boolean {
  return reply.length > HEAD
}

/** Formats epoch milliseconds with a fixed width, so that texts sort like times. */
export function formatTimestamp(at: number): string {
  return String(at).padStart(WIDTH, '0')
}

/** The `listedUntil` of a session without a user. */
export const UNLISTED: string = formatTimestamp(0)

/** Formats the line with the version. */
export function formatVersion(version: Version): string {
  return `${JSON.stringify(version)}\n`
}

/** Formats the line with the user. */
export function formatUser(userId: string | undefined): string {
  return userId === undefined ? '\n' : `${JSON.stringify(toUtf8Text(userId))}\n`
}

/** Formats a record that is in the list of its user until `listed`. */
export function formatRecord(entry: Entry, listed: string): string {
  return formatTimestamp(entry.expiresAt) + formatTimestamp(entry.seenAt) + listed + formatBody(entry)
}

/** Formats the part of a record after the timestamps. */
export function formatBody(entry: Entry): string {
  const { proof, idAt, createdAt, commits, version, userId, payload } = entry
  const rest = JSON.stringify([proof, idAt, createdAt, commits])
  return `${formatVersion(version)}${formatUser(userId)}${rest}\n${toUtf8Text(payload)}`
}

/** Returns the entry of a record. Throws if the text is not a record. */
export function parseRecord(record: string): Entry {
  const version = record.indexOf('\n', HEAD)
  const user = record.indexOf('\n', version + 1)
  const rest = record.indexOf('\n', user + 1)
  if (version === -1 || user === -1 || rest === -1) throw new Error('The value under the key of a session in Redis is not a session')
  const [proof, idAt, createdAt, commits] = JSON.parse(record.slice(user + 1, rest)) as [string, number, number, string]
  return {
    payload: fromUtf8Text(record.slice(rest + 1)),
    proof,
    idAt,
    version: JSON.parse(record.slice(HEAD, version)) as Version,
    commits,
    ...(user === version + 1 ? {} : { userId: fromUtf8Text(JSON.parse(record.slice(version + 1, user)) as string) }),
    createdAt,
    seenAt: Number(record.slice(WIDTH, 2 * WIDTH)),
    expiresAt: Number(record.slice(0, WIDTH)),
  }
}
