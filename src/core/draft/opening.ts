import { SessionError, StoreError } from '../base/errors.ts'
import type { SessionEvents } from '../base/events.ts'
import type { Opened, State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Texts } from '../config/profile.ts'
import type { Presented } from '../cookie/transport.ts'
import type { Identity, Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { Draft } from './draft.ts'

/** The parts of the manager that loading uses. */
export type LoadContext = Pick<Engine, 'store' | 'ids' | 'values' | 'emit' | 'now' | 'profile' | 'lifetime' | 'parse' | 'maxSize'>

type AbsentReason = SessionEvents['absent']['reason']

/** The maximum number of ids that are loaded, because a `Cookie` header can contain thousands. */
const MAX_CANDIDATES = 4

/** The ids that a request presented, or the reason why there is none. */
export type CookieResult =
  | { readonly identities: readonly [Identity, ...Identity[]] }
  | { readonly identities?: undefined; readonly reason: AbsentReason }

/** Finds the ids among the presented tokens. Malformed tokens are ignored. No I/O. */
export function parseSessionCookie({ tokens, names }: Presented, ids: Ids): CookieResult {
  if (names.length === 0) return { reason: 'no-cookie' }
  const [identity, ...others] = tokens.map((token) => ids.parse(token)).filter((each) => each !== undefined)
  if (identity === undefined) return { reason: 'malformed-cookie' }
  return others.length < MAX_CANDIDATES ? { identities: [identity, ...others] } : { reason: 'two-cookies' }
}

/** The result of loading an id. `justReplaced`: the id was renewed less than a minute ago. */
export type LoadResult =
  | { readonly entry: Entry; readonly texts: Texts }
  | { readonly entry?: undefined; readonly reason: AbsentReason; readonly justReplaced?: boolean }

/**
 * A payload is decoded up to this many times `maxSize`, so that sessions stay readable after
 * `maxSize` was lowered.
 */
const OVERSIZE = 4

/**
 * Milliseconds after the renewal of an id for which requests with the previous id may still be
 * running.
 */
const OVERLAP = 60_000

/**
 * Reads the entry of an identity and validates it. Rejects with `StoreError` if the store fails.
 */
export async function loadEntry(context: LoadContext, identity: Identity, fresh: boolean): Promise<LoadResult> {
  const now = context.now()
  const { key, handle } = identity
  let entry: Entry | undefined
  try {
    entry = await context.store.load({ key, now, fresh })
  } catch (error) {
    if (error instanceof StoreError) context.emit({ type: 'load-failed', reason: 'store-error', operation: error.operation, handle })
    throw error
  }
  const result = validate(context, identity, entry, now)
  // A cached entry may be older than the renewal of the id, and its visitor would seem to be logged
  // out. Only a fresh read proves that the id was renewed.
  return !fresh && result.entry === undefined && result.reason === 'other-id' ? loadEntry(context, identity, true) : result
}

function validate(context: Omit<LoadContext, 'store'>, identity: Identity, entry: Entry | undefined, now: number): LoadResult {
  if (entry === undefined || entry.expiresAt <= now) return { reason: 'unknown-or-expired' }
  if (!context.ids.isCurrent(identity, entry)) return { reason: 'other-id', justReplaced: now - entry.idAt < OVERLAP }
  if (entry.payload.length > OVERSIZE * context.maxSize) return { reason: 'too-large' }
  const texts = context.values.decode(entry.payload)
  if (texts === undefined) return { reason: 'unreadable' }
  return context.profile.endOf(entry, texts, context) <= now ? { reason: 'unknown-or-expired' } : { entry, texts }
}

/**
 * Loads the session of a draft. Rejects with `StoreError` if the store fails; the draft is then
 * unchanged.
 */
export async function loadInto(context: LoadContext, draft: Draft, fresh = false): Promise<void> {
  const { state, generation } = draft
  const { identity } = state
  if (identity === undefined) return draft.open(state)
  const others = state.is === 'unloaded' ? (state.others ?? []) : []
  const opened =
    others.length === 0
      ? toState(context, identity, await loadEntry(context, identity, fresh), state)
      : await loadOneOf(context, [identity, ...others])
  draft.open(opened.state, opened.texts, generation)
}

/**
 * Loads the session of a request with several ids, for example after a change of `cookie.domain`,
 * or with a cookie that a sibling host has set. If exactly one of them leads to a session, that
 * session is used. If several do, none is used, because with any preference a sibling host could
 * replace the visitor's session by its own.
 */
async function loadOneOf(context: LoadContext, identities: readonly Identity[]): Promise<Opened> {
  const results = await Promise.all(identities.map(async (identity) => ({ identity, result: await loadEntry(context, identity, false) })))
  const current = results.filter(({ result }) => result.entry !== undefined)
  const [first, another] = current
  if (another !== undefined) {
    context.emit({ type: 'absent', reason: 'two-cookies' })
    return { state: { is: 'absent', presented: current.map(({ identity }) => identity), conflict: true } }
  }
  const chosen = first ?? results.find(({ result }) => isJustReplaced(result)) ?? results.find(({ result }) => isUnreadable(result))
  if (chosen !== undefined) return toState(context, chosen.identity, chosen.result)
  context.emit({ type: 'absent', reason: 'unknown-or-expired' })
  return { state: { is: 'absent' } }
}

/**
 * Like `loadInto`, but never rejects: the draft stores the error and throws it when the session is
 * used.
 */
export async function tryLoadInto(context: LoadContext, draft: Draft): Promise<void> {
  try {
    await loadInto(context, draft)
  } catch (error) {
    const { identity } = draft.state
    if (identity !== undefined) draft.open(failedState(identity, error))
  }
}

function isJustReplaced(result: LoadResult): boolean {
  return result.entry === undefined && result.justReplaced === true
}

/** Whether the session exists, but this manager cannot read it. */
function isUnreadable(result: LoadResult): boolean {
  return result.entry === undefined && (result.reason === 'unreadable' || result.reason === 'too-large')
}

/** Opens the session that an id itself contains. Its expiry is judged at `now`. */
export function decodeToken(context: LoadContext, identity: Identity, now: number): Opened {
  try {
    return toState(context, identity, validate(context, identity, context.ids.decode?.(identity, now), now))
  } catch (error) {
    return { state: failedState(identity, error) }
  }
}

/**
 * The state of a session that could not be read. It is not `absent`, because a new session must not
 * replace it.
 */
function failedState(identity: Identity, error: unknown): State {
  return { is: 'failed', identity, error: error instanceof SessionError ? error : new StoreError('load', error) }
}

/** Returns the state of a draft after a load. `before` is its state before the load. */
function toState({ emit, profile }: Pick<LoadContext, 'emit' | 'profile'>, identity: Identity, result: LoadResult, before?: State): Opened {
  if (result.entry !== undefined) {
    emit({ type: 'loaded', reason: 'found', handle: identity.handle })
    return { state: { is: 'live', identity, entry: result.entry }, texts: result.texts }
  }
  emit({ type: 'absent', reason: result.reason, handle: identity.handle })
  // If this request saw the session earlier and it is gone now, it ended while the request was
  // running.
  const hasEnded = before?.is === 'live' || before?.is === 'ended' || isJustReplaced(result)
  if (hasEnded) return { state: { is: 'ended', identity } }
  const refusal = isUnreadable(result) ? profile.unreadable : undefined
  // Ids renewed more than a minute ago cannot end the session, because they may be leaked or
  // planted. Oversized rows are not deleted, so that a developer can examine them. With a refusal
  // the identity is kept, so that a flush can end the session.
  const isDropped = result.reason === 'other-id' || (result.reason === 'too-large' && refusal === undefined)
  return { state: { is: 'absent', presented: isDropped ? [] : [identity], refusal } }
}
