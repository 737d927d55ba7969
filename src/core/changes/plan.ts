import type { SessionError } from '../base/errors.ts'
import { CommitUnknownError, NotLoadedError, SessionEndedError } from '../base/errors.ts'
import { LAST_USER } from '../base/reserved.ts'
import type { RuleContext } from '../config/rules.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { type Intent, logsIn } from './intent.ts'
import type { Merged } from './merge.ts'
import type { State } from './state.ts'

/** All that a decision depends on. */
export interface Situation {
  readonly state: State
  readonly intents: readonly Intent[]
  /** The request's changes on what it knows. A function: it may run the application's own, which only what is to be written may. */
  readonly merge: () => Merged
  /** What the request sees, for a session it did not change. */
  readonly texts: ReadonlyMap<string, string>
  /** The sessions this request flushed. */
  readonly flushed: readonly Identity[]
  readonly accessed: boolean
  /** Whether a session that was only read is touched: not where that would take a new token. */
  readonly touches: boolean
  /** The response is a 5xx: nothing but a flush is performed. */
  readonly failed: boolean
  readonly now: number
}

/** What a commit has to do. */
export type Plan =
  | { readonly do: 'nothing'; readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  | { readonly do: 'touch'; readonly identity: Identity; readonly entry: Entry; readonly expiresAt: number }
  | { readonly do: 'create'; readonly merged: Merged }
  | { readonly do: 'replace'; readonly identity: Identity; readonly entry: Entry; readonly merged: Merged }
  | { readonly do: 'delete'; readonly ended: readonly Identity[] }
  | {
      readonly do: 'delete-then-create'
      readonly ended: readonly Identity[]
      readonly reason: 'flush' | 'other-user'
      readonly merged: Merged
    }
  | { readonly do: 'refuse'; readonly error: SessionError }

/** Decides. Pure: no clock, no randomness, no I/O. */
export function plan(situation: Situation, reading: RuleContext): Plan {
  const { flushed, failed, intents } = situation
  if (failed) return flushed.length > 0 ? { do: 'delete', ended: flushed } : { do: 'nothing', reason: 'failed-response' }
  if (flushed.length > 0) return flushedThen(situation)
  return intents.length > 0 ? changed(situation) : unchanged(situation, reading)
}

function flushedThen({ flushed: ended, intents, merge }: Situation): Plan {
  if (intents.length === 0) return { do: 'delete', ended }
  const merged = merge()
  return starts(merged) ? { do: 'delete-then-create', ended, reason: 'flush', merged } : { do: 'delete', ended }
}

function changed({ state, intents, merge }: Situation): Plan {
  switch (state.is) {
    case 'ended':
      if (!logsIn(intents)) return { do: 'refuse', error: new SessionEndedError('ended') }
      return { do: 'create', merged: merge() }
    case 'failed':
      return { do: 'refuse', error: state.error }
    case 'unknown':
      return { do: 'refuse', error: new CommitUnknownError() }
    case 'unloaded':
      return { do: 'refuse', error: new NotLoadedError('The session has to be read before its changes can be judged.') }
    case 'live':
      return replaced(state.identity, state.entry, merge())
    case 'absent':
      return created(merge())
  }
}

function replaced(identity: Identity, entry: Entry, merged: Merged): Plan {
  if (merged.otherUser) return { do: 'delete-then-create', ended: [identity], reason: 'other-user', merged }
  return { do: 'replace', identity, entry, merged }
}

function created(merged: Merged): Plan {
  return starts(merged) ? { do: 'create', merged } : { do: 'nothing', reason: 'nothing-to-save' }
}

/** Whether there is something to start a session for: a note of who left is not. */
function starts({ texts }: Merged): boolean {
  return texts.size > (texts.has(LAST_USER) ? 1 : 0)
}

function unchanged({ state, texts, accessed, touches, now }: Situation, reading: RuleContext): Plan {
  const nothing = { do: 'nothing', reason: accessed ? 'read-only' : 'not-used' } as const
  if (state.is !== 'live' || !touches) return nothing
  const expiresAt = reading.rules.touchOf(state.entry, texts, now, reading, accessed)
  return expiresAt === undefined ? nothing : { do: 'touch', identity: state.identity, entry: state.entry, expiresAt }
}
