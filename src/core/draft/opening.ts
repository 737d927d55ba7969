import { SessionError, StoreError } from '../base/errors.ts'
import type { SessionEvent } from '../base/events.ts'
import type { Opened, State } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { CookieMatch } from '../cookie/cookie-rules.ts'
import type { Identity, Ids } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { Draft } from './draft.ts'

type AbsentReason = (SessionEvent & { readonly type: 'absent' })['reason']

/** What a `Cookie` header says of our cookie. */
export interface CookieResult {
  readonly identity?: Identity
  /** Why there is no identity. */
  readonly absentReason?: AbsentReason
}

/** Finds the id among what a request carries. What has not the shape of an id is ignored; two different ids are none. No I/O. */
export function parseSessionCookie({ values, names }: CookieMatch, ids: Ids): CookieResult {
  if (names.length === 0) return { absentReason: 'no-cookie' }
  const identities = values.map((value) => ids.parse(value)).filter((identity) => identity !== undefined)
  const [identity, another] = identities
  if (another !== undefined) return { absentReason: 'two-cookies' }
  return identity === undefined ? { absentReason: 'malformed-cookie' } : { identity }
}

/** What an id leads to. */
export type LoadResult =
  | { readonly entry: Entry; readonly texts: ReadonlyMap<string, string> }
  | { readonly entry?: undefined; readonly reason: AbsentReason; readonly isYoung?: boolean }

/** While the living id is younger than this, a dead one of its family may still be under way in requests sent before. */
const OVERLAP = 60_000

/**
 * Reads the entry of an identity and judges expiry and proof. That another id is alive is believed only when it was read past every cache: one
 * may not know yet that the id was renewed, and its visitor would look like nobody. Rejects with `StoreError` when the store fails.
 */
export async function loadEntry(engine: Engine, identity: Identity, fresh: boolean): Promise<LoadResult> {
  const now = engine.now()
  const entry = await read(engine, identity, now, fresh)
  const reached = validate(engine, identity, entry, now)
  return !fresh && reached.entry === undefined && reached.reason === 'other-id' ? loadEntry(engine, identity, true) : reached
}

function validate(engine: Engine, identity: Identity, entry: Entry | undefined, now: number): LoadResult {
  if (entry === undefined || entry.expiresAt <= now) return { reason: 'unknown-or-expired' }
  if (!engine.ids.isCurrent(identity, entry)) return { reason: 'other-id', isYoung: now - entry.idAt < OVERLAP }
  const texts = engine.values.decode(entry.payload)
  return texts === undefined ? { reason: 'unreadable' } : { entry, texts }
}

/** Opens a draft with what its identity leads to. Rejects with `StoreError` when the store fails; then the draft is as it was. */
export async function loadInto(engine: Engine, draft: Draft, fresh = false): Promise<void> {
  const { state, generation } = draft
  const { identity } = state
  if (identity === undefined) return draft.open(state)
  const opened = toState(engine, identity, await loadEntry(engine, identity, fresh), state)
  draft.open(opened.state, opened.texts, generation)
}

/** As `openFrom`, at once, with what an id brought along at `now`. */
export function openToken(engine: Engine, identity: Identity, now: number): Opened {
  try {
    return toState(engine, identity, validate(engine, identity, engine.ids.decode?.(identity, now), now))
  } catch (error) {
    return { state: failed(identity, error) }
  }
}

/** What could not be read is not absent: nothing may be written in its place. */
export function failed(identity: Identity, error: unknown): State {
  return { is: 'failed', identity, error: error instanceof SessionError ? error : new StoreError('load', error) }
}

/** What it means for a request. `before`: what it was opened with already. */
function toState(engine: Engine, identity: Identity, reached: LoadResult, before?: State): Opened {
  if (reached.entry !== undefined) {
    engine.emit({ type: 'loaded', reason: 'found', handle: identity.handle })
    return { state: { is: 'live', identity, entry: reached.entry }, texts: reached.texts }
  }
  engine.emit({ type: 'absent', reason: reached.reason, handle: identity.handle })
  // What was there when this request looked before and is not any more has ended under its hands.
  const hasEnded = before?.is === 'live' || before?.is === 'ended' || reached.isYoung === true
  // An id that was renewed long ago is nobody's: whoever kept it, or planted it, must not be able to end what came of it.
  const isNobodys = reached.reason === 'other-id' && !hasEnded
  return { state: { is: hasEnded ? 'ended' : 'absent', identity: isNobodys ? undefined : identity } }
}

async function read(engine: Engine, { key, handle }: Identity, now: number, fresh: boolean): Promise<Entry | undefined> {
  try {
    return await engine.store.load({ key, now, fresh })
  } catch (error) {
    if (error instanceof StoreError) engine.emit({ type: 'load-failed', reason: 'store-error', operation: error.operation, handle })
    throw error
  }
}
