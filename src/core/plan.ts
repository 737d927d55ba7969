import { touchOf } from './expiry.ts'
import type { Intent } from './intent.ts'
import type { Merged, Reading } from './merge.ts'
import { LAST_USER } from './reserved.ts'
import type { Entry } from './store.ts'

/**
 * How a request stands to the session its cookie names.
 *
 * - `absent`: there is none; what is set starts one
 * - `live`: it was read
 * - `unloaded`: nobody has looked yet (`lazy`)
 * - `ended`: there was one, or its id was renewed a moment ago; what is changed is lost, and the request is told
 * - `failed`: the store could not be read
 * - `unknown`: a write's fate was never found out
 */
export type Standing = 'absent' | 'live' | 'unloaded' | 'ended' | 'failed' | 'unknown'

/** All that a decision depends on. */
export interface Situation {
  readonly standing: Standing
  /** The entry the request saw. */
  readonly entry: Entry | undefined
  readonly intents: readonly Intent[]
  /** The request's changes on what it saw. */
  readonly merged: Merged
  /** Keys of sessions this request flushed. */
  readonly flushed: readonly string[]
  readonly accessed: boolean
  /** The response is a 5xx: nothing but a flush is performed. */
  readonly failed: boolean
  readonly now: number
}

/** What a commit has to do. */
export type Plan =
  | { readonly do: 'nothing'; readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  | { readonly do: 'touch'; readonly expiresAt: number }
  | { readonly do: 'create' }
  | { readonly do: 'replace' }
  | { readonly do: 'delete'; readonly keys: readonly string[] }
  | { readonly do: 'delete-then-create'; readonly keys: readonly string[]; readonly reason: 'flush' | 'other-user' }
  | { readonly do: 'refuse'; readonly reason: 'gone' | 'unknown' | 'load-failed' }

/** Decides. Pure: no clock, no randomness, no I/O. */
export function plan(situation: Situation, reading: Reading, key: string | undefined): Plan {
  const { flushed, failed, intents } = situation
  if (failed) return flushed.length > 0 ? { do: 'delete', keys: flushed } : { do: 'nothing', reason: 'failed-response' }
  if (flushed.length > 0) {
    return starts(situation) ? { do: 'delete-then-create', keys: flushed, reason: 'flush' } : { do: 'delete', keys: flushed }
  }
  return intents.length > 0 ? changed(situation, key) : unchanged(situation, reading)
}

/** Whether only flashes were read: that is not worth an error when the session is gone. */
export function onlyConsumes(intents: readonly Intent[]): boolean {
  return intents.every((intent) => intent.kind === 'consume')
}

/** Whether a login is among the changes: it starts a session anew where there is none any more. */
export function logsIn(intents: readonly Intent[]): boolean {
  return intents.some((intent) => intent.kind === 'login')
}

/** Whether there is something to start a session for: a note of who left is not. */
function starts({ merged }: Situation): boolean {
  const noted = merged.texts.has(LAST_USER) ? 1 : 0
  return merged.texts.size > noted
}

function changed(situation: Situation, key: string | undefined): Plan {
  switch (situation.standing) {
    case 'absent':
      return starts(situation) ? { do: 'create' } : { do: 'nothing', reason: 'nothing-to-save' }
    case 'ended':
      return logsIn(situation.intents) ? { do: 'create' } : { do: 'refuse', reason: 'gone' }
    case 'failed':
      return { do: 'refuse', reason: 'load-failed' }
    case 'unknown':
      return { do: 'refuse', reason: 'unknown' }
    default:
      return situation.merged.otherUser && key !== undefined
        ? { do: 'delete-then-create', keys: [key], reason: 'other-user' }
        : { do: 'replace' }
  }
}

function unchanged({ entry, merged, accessed, standing, now }: Situation, reading: Reading): Plan {
  if (!accessed) return { do: 'nothing', reason: 'not-used' }
  if (entry === undefined || standing !== 'live') return { do: 'nothing', reason: 'read-only' }
  const expiresAt = touchOf(entry, merged.texts, now, reading.lifetime, reading.parse)
  return expiresAt === undefined ? { do: 'nothing', reason: 'read-only' } : { do: 'touch', expiresAt }
}
