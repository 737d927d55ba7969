import { cookieValues } from '../wire/cookie-header.ts'
import type { Draft } from './draft.ts'
import type { Engine } from './engine.ts'
import { StoreError } from './errors.ts'
import type { SessionEvent } from './events.ts'
import { type Identity, parseId, sameProof } from './id.ts'
import type { Standing } from './plan.ts'

type Absence = (SessionEvent & { readonly type: 'absent' })['reason']

/** What a `Cookie` header says of our cookie. */
export interface Found {
  readonly identity?: Identity
  /** Why there is no identity. */
  readonly absence?: Absence
  /** The cookie was there, whatever was in it. */
  readonly hasCookie: boolean
}

/** Finds the id in a header. What has not the shape of an id is ignored; two different ids are none. No I/O. */
export function findId(header: unknown, name: string): Found {
  const values = cookieValues(header, name)
  if (values.length === 0) return { hasCookie: false, absence: 'no-cookie' }
  const identities = [...new Set(values)].map(parseId).filter((identity) => identity !== undefined)
  const [identity, another] = identities
  if (another !== undefined) return { hasCookie: true, absence: 'two-cookies' }
  return identity === undefined ? { hasCookie: true, absence: 'malformed-cookie' } : { hasCookie: true, identity }
}

/** While the living id is younger than this, a dead one of its family may still be under way in requests sent before. */
const OVERLAP = 60_000

const NO_TEXTS: ReadonlyMap<string, string> = new Map()

/** Reads the session a draft's identity leads to and opens the draft with what is there. Rejects with `StoreError` when the store fails. */
export async function openFrom(engine: Engine, draft: Draft, fresh = false): Promise<void> {
  const { identity } = draft
  if (identity === undefined) return draft.open('absent', undefined, NO_TEXTS)
  const now = engine.now()
  const entry = await read(engine, identity.key, now, fresh)
  if (entry === undefined || entry.expiresAt <= now) return absent(engine, draft, 'unknown-or-expired')
  if (!sameProof(entry.proof, identity.proof)) return absent(engine, draft, 'other-id', now - entry.idAt < OVERLAP ? 'ended' : 'absent')
  const texts = engine.values.decode(entry.payload)
  if (texts === undefined) return absent(engine, draft, 'unreadable')
  if (draft.standing === 'unloaded') draft.isNew = false
  draft.open('live', entry, texts)
  engine.emit({ type: 'loaded', reason: 'found', handle: identity.key })
}

function absent(engine: Engine, draft: Draft, reason: Absence, standing: Standing = 'absent'): void {
  engine.emit({ type: 'absent', reason, ...(draft.identity === undefined ? {} : { handle: draft.identity.key }) })
  // What was there when this request looked before and is not any more has ended under its hands.
  draft.open(draft.standing === 'live' || draft.standing === 'ended' ? 'ended' : standing, undefined, NO_TEXTS)
}

async function read(engine: Engine, key: string, now: number, fresh: boolean): ReturnType<Engine['store']['load']> {
  try {
    return await engine.store.load(key, now, fresh ? { fresh } : undefined)
  } catch (error) {
    if (error instanceof StoreError) engine.emit({ type: 'load-failed', reason: 'store-error', operation: error.operation, handle: key })
    throw error
  }
}
