import { type SessionError, StoreError } from '../core/base/errors.ts'
import type { SessionEvents } from '../core/base/events.ts'
import { userOf } from '../core/changes/intent.ts'
import type { State } from '../core/changes/state.ts'
import type { Engine } from '../core/config/engine.ts'
import type { Texts } from '../core/config/profile.ts'
import { type CookieOptions, PREFIX } from '../core/cookie/cookie-transport.ts'
import type { IncomingRequest } from '../core/cookie/incoming-request.ts'
import { NOTHING_PRESENTED } from '../core/cookie/transport.ts'
import type { Entry } from '../core/store/store.ts'
import { isTombstone } from '../core/store/tombstone.ts'
import { ownNames } from './session-info.ts'

/** The reasons of the events that opening a session emits. */
export type OpeningReason = SessionEvents['absent']['reason'] | SessionEvents['loaded']['reason'] | SessionEvents['load-failed']['reason']

/** The most specific cause that could be found. */
export interface Cause {
  /** Identifies the cause; each has a row in the table of `docs/operating.md`. */
  readonly cause: CauseCode
  /** What happened. Contains no id and no value. */
  readonly message: string
  /** What to do about it; empty if nothing is wrong. */
  readonly remedy: string
}

/** See the table "Why is my session empty?" in `docs/operating.md`. */
export type CauseCode =
  | 'found'
  | 'no-user'
  | 'no-properties'
  | 'invalid-properties'
  | 'no-cookie'
  | 'cross-site'
  | 'other-name'
  | 'plain-http'
  | 'untrusted-proxy'
  | 'outside-path'
  | 'malformed-cookie'
  | 'foreign-cookie'
  | 'two-cookies'
  | 'unknown'
  | 'ended'
  | 'expired-idle'
  | 'expired-absolute'
  | 'shorter-lifetime'
  | 'renewed-id'
  | 'unreadable'
  | 'too-large'
  | 'store-error'

/** What was found when the session was opened, for the search for the cause. */
export interface Findings {
  readonly engine: Engine
  readonly cookie: CookieOptions | undefined
  readonly state: State
  readonly texts: Texts
  readonly reason: OpeningReason
  /** `undefined` when a handle is explained. */
  readonly request: IncomingRequest | undefined
  /** The row that the cookie leads to, expired or not. */
  readonly entry: Entry | undefined
  readonly invalidProperties: readonly string[]
}

/**
 * Finds the cause of a reason. Opening the session has decided what happens; this only looks for
 * what led to it.
 */
export function causeOf(findings: Findings): Cause {
  return CAUSES[findings.reason](findings)
}

const CAUSES: Readonly<Record<OpeningReason, (findings: Findings) => Cause>> = {
  found: foundCause,
  'no-cookie': missingCookie,
  'malformed-cookie': malformedCookie,
  insecure: insecureCause,
  'outside-path': (findings) => ({
    cause: 'outside-path',
    message: `The request is for ${findings.request?.path ?? 'a path'}, which the option \`cookie.path\` does not cover, so the browser does not send the cookie there.`,
    remedy: refusalText(findings),
  }),
  'cross-site': (findings) => ({
    cause: 'cross-site',
    message: 'A page of another origin sent the request, and it can change something, so its session is not used.',
    remedy: refusalText(findings),
  }),
  'two-cookies': () => ({
    cause: 'two-cookies',
    message: 'The request has several session cookies that lead to different sessions, so none of them is used.',
    remedy:
      'Another host of the same domain sets a cookie of this name, or `cookie.domain` or `cookie.path` was changed. Give each application another `cookie.name`, or log in again, which ends these sessions.',
  }),
  'unknown-or-expired': notStored,
  'other-id': renewedId,
  unreadable: () => ({
    cause: 'unreadable',
    message: 'The session is stored, and the codec of this manager cannot decode it.',
    remedy:
      'Another program or another version wrote the row, the option `codec` was changed, or the secret key is another one. Use the same options in every process that shares the table.',
  }),
  'too-large': ({ engine, entry }) => ({
    cause: 'too-large',
    message: `The session has ${entry?.payload.length ?? 'too many'} characters, more than four times the option \`maxSize\` (${engine.maxSize}), so it is not read.`,
    remedy: 'Raise `maxSize`, or end the session and store large data in a database.',
  }),
  'store-error': ({ state }) => ({
    cause: 'store-error',
    message:
      `The session could not be read, so the request gets an error and not an empty session. ${state.is === 'failed' ? state.error.message : ''}`.trim(),
    remedy: state.is === 'failed' ? remedyOf(state.error) : 'Check whether the database responds.',
  }),
}

function foundCause({ engine, texts, invalidProperties }: Findings): Cause {
  if (invalidProperties.length > 0)
    return {
      cause: 'invalid-properties',
      message: `The session is found. These properties count as absent: ${invalidProperties.join(', ')}. Their \`schema\` refuses what is stored, or the codec cannot parse it.`,
      remedy: 'Accept the stored form in the schema, or delete the property: sojourn delete-property NAME HANDLE.',
    }
  if (ownNames(engine, texts).length === 0)
    return {
      cause: 'no-properties',
      message: 'The session is found, and has no properties.',
      remedy: 'A request has removed them, with clear(), delete(), pop() or claim(), or only messages and an expiry were stored.',
    }
  if (userOf(texts, engine) === undefined)
    return {
      cause: 'no-user',
      message: 'The session is found with its properties, and no user is logged in.',
      remedy: `The visitor has not logged in with this session, or \`${engine.profile.names.user}\` was deleted. Check that the login calls login(userId) and that its response was sent.`,
    }
  return { cause: 'found', message: 'The session is found, and its user is logged in.', remedy: '' }
}

function missingCookie({ engine, cookie, request }: Findings): Cause {
  const expected = expectedName(engine, request)
  const names = cookieNames(request)
  const base = expected.replace(PREFIX, '')
  const similar = names.find((name) => name !== expected && name.replace(PREFIX, '') === base)
  if (similar !== undefined)
    return {
      cause: 'other-name',
      message: `The request has the cookie \`${similar}\`, and over this connection the session cookie is named \`${expected}\`.`,
      remedy:
        'The cookie was set over another kind of connection (HTTPS or loopback), or before `cookie.path` or `cookie.domain` was changed. Use one kind of connection; if a proxy terminates TLS, set `cookie.secure: true` or let the framework trust the proxy.',
    }
  if (request?.header('sec-fetch-site') === 'cross-site' && cookie?.sameSite !== 'none')
    return {
      cause: 'cross-site',
      message: `The request comes from another site, and the browser does not send a cookie with \`SameSite=${cookie?.sameSite ?? 'lax'}\` with it.`,
      remedy: "Call the application from its own site, or set `cookie: { sameSite: 'none', secure: true }`.",
    }
  const others = names.length === 0 ? 'The request has no cookie.' : `The request has no cookie \`${expected}\`, only: ${names.join(', ')}.`
  return {
    cause: 'no-cookie',
    message: others,
    remedy:
      'The visitor is new, the cookie has expired or was deleted, or the client does not send it: for fetch() to another origin set `credentials: "include"`. Check that the response of the login has a `Set-Cookie` field, and that the browser accepts it.',
  }
}

/** The forms of the cookies of other libraries. */
const FOREIGN: readonly (readonly [form: RegExp, library: string])[] = [
  [/^s(?::|%3A)/i, 'express-session'],
  [/^Fe26\.2/, 'iron-session'],
  [/^eyJ/, 'cookie-session or a JSON Web Token'],
  [/^[a-z0-9]{32}$/, 'Django'],
]

function malformedCookie({ engine, request }: Findings): Cause {
  const tokens = request === undefined ? [] : presentedBy(engine, request).tokens
  const [, library] = FOREIGN.find(([form]) => tokens.some((token) => form.test(token))) ?? []
  if (library !== undefined)
    return {
      cause: 'foreign-cookie',
      message: `The cookie has the form of one of ${library}.`,
      remedy: 'Another library sets a cookie of the same name. Give this manager another `cookie.name`, or remove the other library.',
    }
  return {
    cause: 'malformed-cookie',
    message: 'The cookie does not have the form of an id: it is damaged or cut off, or a part of it is missing.',
    remedy: 'Check whether a proxy or a script rewrites cookies, and whether another application sets a cookie of the same name.',
  }
}

function insecureCause(findings: Findings): Cause {
  const { request } = findings
  const forwarded = `${request?.header('x-forwarded-proto') ?? ''} ${request?.header('forwarded') ?? ''}`
  if (/\bhttps\b/i.test(forwarded))
    return {
      cause: 'untrusted-proxy',
      message:
        'A proxy reports that the client used HTTPS, and the application does not trust the proxy, so the request counts as plain HTTP.',
      remedy: refusalText(findings),
    }
  return {
    cause: 'plain-http',
    message: 'The request came over plain HTTP and not from this machine, where the session cookie is not used.',
    remedy: refusalText(findings),
  }
}

function notStored({ engine, entry }: Findings): Cause {
  const now = engine.now()
  if (entry !== undefined && isTombstone(entry))
    return { cause: 'ended', message: 'The session has ended: it was flushed or revoked.', remedy: 'The visitor has to log in again.' }
  if (entry === undefined)
    return {
      cause: 'unknown',
      message: 'The store has no such session: it was flushed or revoked, it expired and was cleared, or it never was in this store.',
      remedy:
        'If many visitors are affected: check that every process uses the same database, table or prefix, and the same `cookie.name`, `cookie.path` and `cookie.domain`, which are part of the key; and that the store keeps rows over a restart (a `MemoryStore` does not) and evicts none (Redis).',
    }
  if (entry.expiresAt > now)
    return {
      cause: 'shorter-lifetime',
      message: 'The session is stored with a later expiry, and has ended by the options `idle` or `absolute`, which are stricter now.',
      remedy: 'This is what shortening the options is for. The visitor has to log in again.',
    }
  const ranOut = entry.expiresAt >= entry.createdAt + engine.lifetime.absolute
  return {
    cause: ranOut ? 'expired-absolute' : 'expired-idle',
    message: ranOut
      ? `The session has expired ${secondsAgo(entry, now)}: its absolute lifetime was over.`
      : `The session has expired ${secondsAgo(entry, now)}: it was not used for its idle time, or it reached the date of setExpiry().`,
    remedy: ranOut
      ? 'The option `absolute` limits the life of a session from its login on. The visitor has to log in again.'
      : 'Raise the option `idle` if visitors should stay logged in longer. Only requests that read their session extend it.',
  }
}

function secondsAgo({ expiresAt }: Entry, now: number): string {
  return `${Math.max(1, Math.round((now - expiresAt) / 1000))} seconds ago`
}

function renewedId({ engine, entry }: Findings): Cause {
  const seconds = entry === undefined ? undefined : Math.round((engine.now() - entry.idAt) / 1000)
  return {
    cause: 'renewed-id',
    message: `The session continues under a newer id${seconds === undefined ? '' : `, which it got ${seconds} seconds ago`}: by a login, cycleId() or another kind of cookie. This id no longer leads to it.`,
    remedy:
      'The browser did not keep the newer cookie, or this is a copy of an old one. Check that the response of the login reaches the browser with its `Set-Cookie` field, and that clients store new cookies.',
  }
}

function remedyOf(error: SessionError): string {
  return (error instanceof StoreError ? error.remedy : undefined) ?? 'Check whether the database responds, and its address, user and table.'
}

/** The text of the error that a change of the session would throw. */
function refusalText({ engine, request }: Findings): string {
  const carrier = request && engine.transport.carrierFor(request)
  return carrier !== undefined && 'reason' in carrier ? carrier.error().message : ''
}

function presentedBy({ transport }: Engine, request: IncomingRequest): typeof NOTHING_PRESENTED {
  const carrier = transport.carrierFor(request)
  return 'reason' in carrier ? NOTHING_PRESENTED : carrier.read(request)
}

/** The name of the session cookie over the connection of this request. */
function expectedName({ transport }: Engine, request: IncomingRequest | undefined): string {
  const carrier = request && transport.carrierFor(request)
  if (carrier === undefined || 'reason' in carrier) return ''
  return carrier.issue('x', { lifetime: undefined }, NOTHING_PRESENTED)[0]?.name ?? ''
}

function cookieNames(request: IncomingRequest | undefined): string[] {
  const header = request?.header('cookie') ?? ''
  return header.split(';').flatMap((pair) => (pair.includes('=') ? [pair.slice(0, pair.indexOf('=')).trim()] : []))
}
