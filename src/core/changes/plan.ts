import type { SessionError } from '../base/errors.ts'
import { CommitUnknownError, NotLoadedError, SessionEndedError } from '../base/errors.ts'
import type { RuleContext, Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { type Intent, whenEnded } from './intent.ts'
import type { Merged } from './merge.ts'
import { mayJoin } from './overlap.ts'
import type { Loaded, State } from './state.ts'

/** The input of `plan`. */
export interface PlanInput {
  readonly state: State
  readonly intents: readonly Intent[]
  /**
   * Returns the state with the request's changes. It is a function, because it calls the functions
   * of `update`, which may run only for a write.
   */
  readonly merge: () => Merged
  /** The properties that the request sees. */
  readonly texts: Texts
  /** The sessions that this request flushed. */
  readonly pendingDeletes: readonly Identity[]
  readonly accessed: boolean
  /**
   * Whether a session that was only read may be touched. `false` if the request does not count as
   * activity, and for stores with `carriesData`, where a touch needs a new token.
   */
  readonly touches: boolean
  /** Whether the response can replace an id because of its age. */
  readonly mayCycleId: boolean
  /**
   * Whether changes are not performed, only a flush or the end of an overlap: the response is a
   * 5xx, or a change cannot be stored.
   */
  readonly discardsChanges: boolean
  readonly now: number
}

/** The decision of a commit. */
export type Plan =
  | { readonly do: 'nothing'; readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  | { readonly do: 'touch'; readonly identity: Identity; readonly entry: Entry; readonly expiresAt: number }
  | { readonly do: 'create'; readonly merged: Merged }
  | { readonly do: 'replace'; readonly identity: Identity; readonly entry: Entry; readonly merged: Merged }
  /** A login joins the session that a parallel login has given a newer id. */
  | { readonly do: 'join'; readonly identity: Identity; readonly newer: Loaded }
  /** Of several ids of the session the presented one becomes the only one. */
  | { readonly do: 'end-overlap'; readonly identity: Identity; readonly entry: Entry }
  /** The presented id is replaced because of its age. */
  | { readonly do: 'cycle-id'; readonly identity: Identity; readonly entry: Entry }
  | { readonly do: 'delete'; readonly ended: readonly Identity[] }
  | {
      readonly do: 'delete-then-create'
      readonly ended: readonly Identity[]
      readonly reason: 'flush' | 'other-user'
      readonly merged: Merged
    }
  | { readonly do: 'refuse'; readonly error: SessionError }

/** Decides what a commit does. Pure: uses no clock, no random values and no I/O. */
export function plan(situation: PlanInput, context: RuleContext): Plan {
  const { pendingDeletes, discardsChanges, intents } = situation
  if (discardsChanges && pendingDeletes.length > 0) return { do: 'delete', ended: pendingDeletes }
  if (discardsChanges) return planEndOverlap(situation.state) ?? { do: 'nothing', reason: 'failed-response' }
  if (pendingDeletes.length > 0) return planAfterFlush(situation, context)
  return intents.length > 0 ? planChanges(situation, context) : planWithoutChanges(situation, context)
}

function planAfterFlush({ pendingDeletes: ended, intents, merge }: PlanInput, context: RuleContext): Plan {
  if (intents.length === 0) return { do: 'delete', ended }
  const merged = merge()
  return startsSession(merged, context) ? { do: 'delete-then-create', ended, reason: 'flush', merged } : { do: 'delete', ended }
}

function planChanges({ state, intents, merge, now }: PlanInput, context: RuleContext): Plan {
  switch (state.is) {
    case 'ended': {
      const { identity, newer } = state
      if (whenEnded(intents) !== 'start-new') return { do: 'refuse', error: new SessionEndedError('ended') }
      if (identity !== undefined && newer !== undefined && mayJoin(identity.proof, intents, newer.texts, now, context))
        return { do: 'join', identity, newer }
      return { do: 'create', merged: merge() }
    }
    case 'failed':
      return { do: 'refuse', error: state.error }
    case 'unknown':
      return { do: 'refuse', error: new CommitUnknownError() }
    case 'deferred':
    case 'unloaded':
      return { do: 'refuse', error: new NotLoadedError('The session is not loaded. Call `await session.load()` before the commit.') }
    case 'live':
      return planReplace(state.identity, state.entry, merge())
    case 'absent':
      return state.refusal === undefined ? planCreate(merge(), intents, context) : { do: 'refuse', error: state.refusal.error() }
  }
}

function planReplace(identity: Identity, entry: Entry, merged: Merged): Plan {
  if (merged.otherUser) return { do: 'delete-then-create', ended: [identity], reason: 'other-user', merged }
  return { do: 'replace', identity, entry, merged }
}

function planCreate(merged: Merged, intents: readonly Intent[], context: RuleContext): Plan {
  return startsSession(merged, context) || intents.some(({ kind }) => kind === 'save')
    ? { do: 'create', merged }
    : { do: 'nothing', reason: 'nothing-to-save' }
}

/** Whether there is data to start a session for. The user who was removed does not count. */
function startsSession({ texts }: Merged, { profile: { names } }: RuleContext): boolean {
  return texts.size > (names.lastUser !== undefined && texts.has(names.lastUser) ? 1 : 0)
}

function planWithoutChanges({ state, texts, accessed, touches, mayCycleId, now }: PlanInput, context: RuleContext): Plan {
  const nothing = { do: 'nothing', reason: accessed ? 'read-only' : 'not-used' } as const
  if (accessed && mayCycleId && state.is === 'live' && state.isIdTooOld === true)
    return { do: 'cycle-id', identity: state.identity, entry: state.entry }
  const endOverlap = planEndOverlap(state)
  if (endOverlap !== undefined) return endOverlap
  if (state.is !== 'live' || !touches) return nothing
  const expiresAt = context.profile.touchOf(state.entry, texts, now, context, accessed)
  return expiresAt === undefined ? nothing : { do: 'touch', identity: state.identity, entry: state.entry, expiresAt }
}

function planEndOverlap(state: State): Plan | undefined {
  return state.is === 'live' && state.isOverlapOver === true
    ? { do: 'end-overlap', identity: state.identity, entry: state.entry }
    : undefined
}
