import type { Carried } from './cookie-rules.ts'
import type { Draft } from './draft.ts'
import type { Engine } from './engine.ts'
import { SessionError, StoreError } from './errors.ts'
import type { SessionEvent } from './events.ts'
import type { Identity, Ids } from './id.ts'
import type { Opened, State } from './state.ts'
import type { Entry } from './store.ts'

type Absence = (SessionEvent & { readonly type: 'absent' })['reason']

/** What a `Cookie` header says of our cookie. */
export interface Found {
  readonly identity?: Identity
  /** Why there is no identity. */
  readonly absence?: Absence
}

/** Finds the id among what a request carries. What has not the shape of an id is ignored; two different ids are none. No I/O. */
export function findId({ values, sent }: Carried, ids: Ids): Found {
  if (sent.length === 0) return { absence: 'no-cookie' }
  const identities = values.map((value) => ids.parse(value)).filter((identity) => identity !== undefined)
  const [identity, another] = identities
  if (another !== undefined) return { absence: 'two-cookies' }
  return identity === undefined ? { absence: 'malformed-cookie' } : { identity }
}

/** What an id leads to. */
export type Reached =
  | { readonly entry: Entry; readonly texts: ReadonlyMap<string, string> }
  | { readonly entry?: undefined; readonly reason: Absence; readonly isYoung?: boolean }

/** While the living id is younger than this, a dead one of its family may still be under way in requests sent before. */
const OVERLAP = 60_000

/**
 * Reads the entry of an identity and judges expiry and proof. That another id is alive is believed only when it was read past every cache: one
 * may not know yet that the id was renewed, and its visitor would look like nobody. Rejects with `StoreError` when the store fails.
 */
export async function reach(engine: Engine, identity: Identity, fresh: boolean): Promise<Reached> {
  const now = engine.now()
  const entry = await read(engine, identity, now, fresh)
  const reached = judged(engine, identity, entry, now)
  return !fresh && reached.entry === undefined && reached.reason === 'other-id' ? reach(engine, identity, true) : reached
}

function judged(engine: Engine, identity: Identity, entry: Entry | undefined, now: number): Reached {
  if (entry === undefined || entry.expiresAt <= now) return { reason: 'unknown-or-expired' }
  if (!engine.ids.isLiving(identity, entry)) return { reason: 'other-id', isYoung: now - entry.idAt < OVERLAP }
  const texts = engine.values.decode(entry.payload)
  return texts === undefined ? { reason: 'unreadable' } : { entry, texts }
}

/** Opens a draft with what its identity leads to. Rejects with `StoreError` when the store fails; then the draft is as it was. */
export async function openFrom(engine: Engine, draft: Draft, fresh = false): Promise<void> {
  const { state, life } = draft
  const { identity } = state
  if (identity === undefined) return draft.open(state)
  const opened = concluded(engine, identity, await reach(engine, identity, fresh), state)
  draft.open(opened.state, opened.texts, life)
}

/** As `openFrom`, at once, with what an id brought along at `now`. */
export function openBrought(engine: Engine, identity: Identity, now: number): Opened {
  try {
    return concluded(engine, identity, judged(engine, identity, engine.ids.bring?.(identity, now), now))
  } catch (error) {
    return { state: failed(identity, error) }
  }
}

/** What could not be read is not absent: nothing may be written in its place. */
export function failed(identity: Identity, error: unknown): State {
  return { is: 'failed', identity, error: error instanceof SessionError ? error : new StoreError('load', error) }
}

/** What it means for a request. `before`: what it was opened with already. */
function concluded(engine: Engine, identity: Identity, reached: Reached, before?: State): Opened {
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
    return await engine.store.load(key, now, fresh ? { fresh } : undefined)
  } catch (error) {
    if (error instanceof StoreError) engine.emit({ type: 'load-failed', reason: 'store-error', operation: error.operation, handle })
    throw error
  }
}
