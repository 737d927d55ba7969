import type { Entry, Version } from '../../core/store/store.ts'
import { fromUtf8Text, toUtf8Text } from '../shared/utf8-text.ts'

/**
 * How a session is kept: one string. In front three instants of a fixed width, so that a script finds and changes them in place; then a line
 * each for the version and the user, by which scripts judge; a line with what only we read; and the payload, to the end.
 *
 *     expiresAt seenAt listedUntil "version" ⏎ "user" ⏎ ["proof",idAt,createdAt,"commits"] ⏎ payload
 *
 * A line is JSON, which never holds a line break of its own.
 */
const WIDTH = 16
const HEAD = 3 * WIDTH

/** What scripts answer is either a record or a word shorter than any. */
export function isRecord(reply: string): boolean {
  return reply.length > HEAD
}

/** An instant as records have it: the order of the texts is that of the instants. */
export function instantText(at: number): string {
  return String(at).padStart(WIDTH, '0')
}

/** The version as records have it. */
export function versionText(version: Version): string {
  return `${JSON.stringify(version)}\n`
}

/** Whose session it is as records have it. */
export function userText(userId: string | undefined): string {
  return userId === undefined ? '\n' : `${JSON.stringify(toUtf8Text(userId))}\n`
}

/** Everything of a record behind the three instants. */
export function recordBody(entry: Entry): string {
  const { proof, idAt, createdAt, commits, version, userId, payload } = entry
  const rest = JSON.stringify([proof, idAt, createdAt, commits])
  return `${versionText(version)}${userText(userId)}${rest}\n${toUtf8Text(payload)}`
}

/** The entry of a record. Throws when it is none of ours. */
export function entryOf(record: string): Entry {
  const version = record.indexOf('\n', HEAD)
  const user = record.indexOf('\n', version + 1)
  const rest = record.indexOf('\n', user + 1)
  if (version === -1 || user === -1 || rest === -1) throw new Error('What Redis has under the key of a session is no session')
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
