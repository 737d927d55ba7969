import { SessionError, StoreError } from '../base/errors.ts'
import type { SessionEvent } from '../base/events.ts'
import type { Opened, State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Texts } from '../config/profile.ts'
import type { Presented } from '../cookie/transport.ts'
import type { Identity, Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { Draft } from './draft.ts'

/** What loading works with. */
export type LoadContext = Pick<Engine, 'store' | 'ids' | 'values' | 'emit' | 'now' | 'profile'>

type AbsentReason = (SessionEvent & { readonly type: 'absent' })['reason']

/** The identity that a request presented, or why there is none. */
export type CookieResult = { readonly identity: Identity } | { readonly identity?: undefined; readonly reason: AbsentReason }

/** Finds the id among the presented tokens. Malformed tokens are ignored; two different ids count as none. No I/O. */
export function parseSessionCookie({ tokens, names }: Presented, ids: Ids): CookieResult {
  if (names.length === 0) return { reason: 'no-cookie' }
  const [identity, another] = tokens.map((token) => ids.parse(token)).filter((each) => each !== undefined)
  if (another !== undefined) return { reason: 'two-cookies' }
  return identity === undefined ? { reason: 'malformed-cookie' } : { identity }
}

/** What an id leads to. `justReplaced`: the session has a new id since a moment ago. */
export type LoadResult =
  | { readonly entry: Entry; readonly texts: Texts }
  | { readonly entry?: undefined; readonly reason: AbsentReason; readonly justReplaced?: boolean }

/** While the current id is younger than this, requests that were sent with the id before it may still be running. */
const OVERLAP = 60_000

/** Reads the entry of an identity and validates it. Rejects with `StoreError` when the store fails. */
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
  // A cache may not know that the id was renewed, and its visitor would look logged out: only a fresh read proves another id.
  return !fresh && result.entry === undefined && result.reason === 'other-id' ? loadEntry(context, identity, true) : result
}

function validate(
  { ids, values }: Pick<LoadContext, 'ids' | 'values'>,
  identity: Identity,
  entry: Entry | undefined,
  now: number,
): LoadResult {
  if (entry === undefined || entry.expiresAt <= now) return { reason: 'unknown-or-expired' }
  if (!ids.isCurrent(identity, entry)) return { reason: 'other-id', justReplaced: now - entry.idAt < OVERLAP }
  const texts = values.decode(entry.payload)
  return texts === undefined ? { reason: 'unreadable' } : { entry, texts }
}

/** Loads the session of a draft. Rejects with `StoreError` when the store fails; the draft is then unchanged. */
export async function loadInto(context: LoadContext, draft: Draft, fresh = false): Promise<void> {
  const { state, generation } = draft
  const { identity } = state
  if (identity === undefined) return draft.open(state)
  const opened = toState(context, identity, await loadEntry(context, identity, fresh), state)
  draft.open(opened.state, opened.texts, generation)
}

/** As `loadInto`, but records a failure in the draft in place of rejecting. The draft throws it when the session is used. */
export async function tryLoadInto(context: LoadContext, draft: Draft): Promise<void> {
  try {
    await loadInto(context, draft)
  } catch (error) {
    const { identity } = draft.state
    if (identity !== undefined) draft.open(failedState(identity, error))
  }
}

/** Opens the session that an id itself contains, as it was at `now`. */
export function decodeToken(context: LoadContext, identity: Identity, now: number): Opened {
  try {
    return toState(context, identity, validate(context, identity, context.ids.decode?.(identity, now), now))
  } catch (error) {
    return { state: failedState(identity, error) }
  }
}

/** A session that could not be read is not absent: nothing may be written in its place. */
function failedState(identity: Identity, error: unknown): State {
  return { is: 'failed', identity, error: error instanceof SessionError ? error : new StoreError('load', error) }
}

/** The state that a load result puts a draft into. `before` is the state it had. */
function toState({ emit, profile }: Pick<LoadContext, 'emit' | 'profile'>, identity: Identity, result: LoadResult, before?: State): Opened {
  if (result.entry !== undefined) {
    emit({ type: 'loaded', reason: 'found', handle: identity.handle })
    return { state: { is: 'live', identity, entry: result.entry }, texts: result.texts }
  }
  emit({ type: 'absent', reason: result.reason, handle: identity.handle })
  // If this request saw the session earlier and it is gone now, it ended while the request was running.
  const hasEnded = before?.is === 'live' || before?.is === 'ended' || result.justReplaced === true
  if (hasEnded) return { state: { is: 'ended', identity } }
  // An id that was replaced long ago is dropped, so that a leaked or planted copy of it cannot end the session it once belonged to.
  const isStale = result.reason === 'other-id'
  const refusal = result.reason === 'unreadable' ? profile.unreadable : undefined
  return { state: { is: 'absent', identity: isStale ? undefined : identity, refusal } }
}
