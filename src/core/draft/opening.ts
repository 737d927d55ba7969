import { monotonic } from '../base/clock.ts'
import { SessionError, StoreError } from '../base/errors.ts'
import type { SessionEvents } from '../base/events.ts'
import { LOAD, type LoadTrace, trace } from '../base/tracing.ts'
import { isIdTooOld, isOverlapOver, standingOf } from '../changes/overlap.ts'
import type { Loaded, LoadedState, State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Lifecycles } from '../config/lifecycle.ts'
import type { Presented } from '../cookie/transport.ts'
import type { Identity, Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { isTombstone } from '../store/tombstone.ts'
import type { Draft } from './draft.ts'

/** The parts of the manager that loading uses. */
export type LoadContext = Pick<
  Engine,
  'name' | 'store' | 'ids' | 'values' | 'emit' | 'now' | 'profile' | 'lifetime' | 'parse' | 'maxSize' | 'lifecycles' | 'requestTimeout'
>

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
  const [identity, ...others] = tokens.map((token) => ids.parse(token)).filter((parsed) => parsed !== undefined)
  if (identity === undefined) return { reason: 'malformed-cookie' }
  return others.length < MAX_CANDIDATES ? { identities: [identity, ...others] } : { reason: 'two-cookies' }
}

/**
 * The result of loading an id. `justReplaced`: the id was replaced less than a minute ago. `newer`:
 * the session under its newer id, if it is readable.
 */
export type LoadResult =
  | (Loaded & { readonly isOverlapOver: boolean; readonly isIdTooOld: boolean })
  | { readonly entry?: undefined; readonly reason: AbsentReason; readonly justReplaced?: boolean; readonly newer?: Loaded | undefined }

/**
 * A payload is decoded up to this many times `maxSize`, so that sessions stay readable after
 * `maxSize` was lowered.
 */
const OVERSIZE = 4

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
  if (!fresh && result.entry === undefined && result.reason === 'other-id') return loadEntry(context, identity, true)
  const { lifecycles } = context
  if (lifecycles === undefined || lifecycles.afterLoad.length === 0) return result
  return afterLoad(context, lifecycles, { identity, entry, result, now })
}

/**
 * Lets the lifecycles decide about what was read. Each one sees the decision of those before it.
 */
async function afterLoad(
  context: LoadContext,
  lifecycles: Lifecycles,
  read: { readonly identity: Identity; readonly entry: Entry | undefined; readonly result: LoadResult; readonly now: number },
): Promise<LoadResult> {
  const { identity, now } = read
  const deadline = monotonic() + context.requestTimeout
  let { entry, result } = read
  for (const decide of lifecycles.afterLoad) {
    const answer = decide({ identity, entry, texts: result.entry && result.texts, now, deadline })
    const decision = answer === undefined ? undefined : await answer
    if (decision === undefined) continue
    if ('absent' in decision) return { reason: decision.absent }
    entry = decision.entry
    result = validate(context, identity, entry, now)
  }
  return result
}

function validate(context: Omit<LoadContext, 'store'>, identity: Identity, entry: Entry | undefined, now: number): LoadResult {
  if (entry === undefined || entry.expiresAt <= now || isTombstone(entry)) return { reason: 'unknown-or-expired' }
  const isTooLarge = entry.payload.length > OVERSIZE * context.maxSize
  const texts = isTooLarge ? undefined : context.values.decode(entry.payload)
  const standing = context.ids.isCurrent(identity, entry) ? 'newest' : standingOf(identity.proof, entry, texts, now, context.parse)
  if (standing === 'just-replaced') return { reason: 'other-id', justReplaced: true, newer: texts && { entry, texts } }
  if (standing === 'replaced') return { reason: 'other-id' }
  if (texts === undefined) return { reason: isTooLarge ? 'too-large' : 'unreadable' }
  if (context.profile.endOf(entry, texts, context) <= now) return { reason: 'unknown-or-expired' }
  return {
    entry,
    texts,
    isOverlapOver: isOverlapOver(entry, texts, now, context.parse),
    isIdTooOld: isIdTooOld(identity.proof, entry, texts, now, context),
  }
}

/**
 * Loads the session of a draft. Rejects with `StoreError` if the store fails; the draft is then
 * unchanged.
 */
export async function loadInto(context: LoadContext, draft: Draft, fresh = false, isTraced: boolean = LOAD.hasSubscribers): Promise<void> {
  if (isTraced) return traceLoad(context, draft, () => loadInto(context, draft, fresh, false))
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

function traceLoad({ name }: LoadContext, draft: Draft, run: () => Promise<void>): Promise<void> {
  const context: LoadTrace = { manager: name, handle: draft.state.identity?.handle }
  return trace(LOAD, context, run, () => {
    const { is } = draft.state
    context.outcome = is === 'live' ? 'found' : is === 'ended' ? 'ended' : 'absent'
  })
}

/**
 * Loads the session of a request with several ids, for example after a change of `cookie.domain`,
 * or with a cookie that a sibling host has set. If exactly one of them leads to a session, that
 * session is used. If several do, none is used, because with any preference a sibling host could
 * replace the visitor's session by its own. Several valid ids of one session, from parallel logins,
 * count as one.
 */
async function loadOneOf(context: LoadContext, identities: readonly Identity[]): Promise<LoadedState> {
  const results = await Promise.all(identities.map(async (identity) => ({ identity, result: await loadEntry(context, identity, false) })))
  const current = results.filter(({ result }) => result.entry !== undefined)
  const isNewest = ({ identity, result }: (typeof results)[number]): boolean =>
    result.entry !== undefined && context.ids.isCurrent(identity, result.entry)
  const ordered = [...current.filter((each) => !isNewest(each)), ...current.filter(isNewest)]
  const [first, another] = new Map(ordered.map((each) => [each.identity.key, each])).values()
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
export function decodeToken(context: LoadContext, identity: Identity, now: number): LoadedState {
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
function toState(
  { emit, profile }: Pick<LoadContext, 'emit' | 'profile'>,
  identity: Identity,
  result: LoadResult,
  before?: State,
): LoadedState {
  if (result.entry !== undefined) {
    emit({ type: 'loaded', reason: 'found', handle: identity.handle })
    const { entry, texts, isOverlapOver, isIdTooOld } = result
    return { state: { is: 'live', identity, entry, isOverlapOver, isIdTooOld }, texts }
  }
  emit({ type: 'absent', reason: result.reason, handle: identity.handle })
  // If this request saw the session earlier and it is gone now, it ended while the request was
  // running.
  const hasEnded = before?.is === 'live' || before?.is === 'ended' || isJustReplaced(result)
  if (hasEnded) return { state: { is: 'ended', identity, newer: result.newer, isReplaced: isJustReplaced(result) } }
  const refusal = isUnreadable(result) ? profile.unreadable : undefined
  // Ids renewed more than a minute ago cannot end the session, because they may be leaked or
  // planted. Oversized rows are not deleted, so that a developer can examine them. With a refusal
  // the identity is kept, so that a flush can end the session.
  const isDropped = result.reason === 'other-id' || (result.reason === 'too-large' && refusal === undefined)
  return { state: { is: 'absent', presented: isDropped ? [] : [identity], refusal } }
}
