import type { Intent } from '../../core/changes/intent.ts'
import type { JsonTexts } from './json-texts.ts'
import { USER } from './names.ts'

type Properties = Readonly<Record<string, unknown>>

/** Finds the user who is logged in, in the properties of a session: the option `userId`. */
export type UserOf = (session: Properties) => unknown

/** The properties that `commonUser` reads. */
const COMMON = ['passport', 'userId', 'user']

/**
 * The default of option `userId`: the user of passport, or what tutorials set at a login:
 * `req.session.userId` or `req.session.user.id`.
 */
export const commonUser: UserOf = ({ passport, userId, user }) => [member(passport, 'user'), userId, member(user, 'id')].find(isUser)

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Properties)[name] : undefined
}

function isUser(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isFinite(value))
}

/**
 * Returns the intent for a user who appeared, changed or disappeared, if the properties changed
 * from `before` to `after`. `stored` is the text of the stored user. A user who appears is a login:
 * the session gets a new sid and keeps its data. A user who logged in with
 * `sessions.of(req).login(id)` is not in the properties, and stays.
 */
export function userChange(userOf: UserOf, before: JsonTexts, after: JsonTexts, stored: string | undefined): Intent | undefined {
  if (stored === undefined && userOf === commonUser && !COMMON.some((name) => after.has(name))) return undefined
  const text = userText(userOf, after)
  if (text === stored) return undefined
  if (text !== undefined) return stored === undefined ? { kind: 'login', text } : { kind: 'set', name: USER, text }
  return userText(userOf, before) === undefined ? undefined : { kind: 'remove', name: USER }
}

/** The JSON text of the user in these properties; `undefined` if no user is logged in. */
export function userText(userOf: UserOf, texts: JsonTexts): string | undefined {
  const names = userOf === commonUser ? COMMON : [...texts.keys()]
  const user = userOf(Object.fromEntries(names.map((name) => [name, parse(texts.get(name))])))
  return isUser(user) ? JSON.stringify(user) : undefined
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
