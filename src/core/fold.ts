import type { Engine } from './engine.ts'
import { GoneError, StoreError } from './errors.ts'
import { type Identity, renew, sameProof } from './id.ts'
import type { Job, Waiting } from './job.ts'
import { type Merged, merge } from './merge.ts'
import { newEntry } from './new-entry.ts'
import type { Entry, Version } from './store.ts'

/** A job's share in a write. */
export interface Part {
  readonly waiting: Waiting
  readonly merged: Merged
  readonly identity: Identity
  /** What its changes were laid on, when that is not what the request itself had seen. */
  readonly base: ReadonlyMap<string, string> | undefined
}

/** One write made of the changes of several jobs. */
export interface Folded {
  readonly entry: Entry
  readonly parts: readonly Part[]
  /** Jobs whose own function, codec or size failed in company: they are judged again, alone. */
  readonly leftOut: readonly Waiting[]
  /** Jobs behind a new id: they are judged on what it leaves. */
  readonly behind: readonly Waiting[]
}

/**
 * Lays the jobs' changes on `current`, one after the other, up to the first that gives the session a new id. Jobs that came under
 * another id, that have nothing to write or that fail by themselves are answered here.
 */
export function fold(engine: Engine, current: Entry, jobs: readonly Waiting[], nonce: Version): Folded {
  const parts: Part[] = []
  const leftOut: Waiting[] = []
  let entry = current
  for (const [index, waiting] of jobs.entries()) {
    try {
      const part = lay(engine, current, waiting, parts.at(-1)?.merged.texts)
      if (part === undefined) continue
      entry = newEntry(engine, part.merged, part.identity, nonce, current)
      parts.push(part)
      if (part.merged.newId) return { entry, parts, leftOut, behind: jobs.slice(index + 1) }
    } catch (error) {
      if (jobs.length === 1 || error instanceof GoneError) waiting.reject(error)
      else leftOut.push(waiting)
    }
  }
  return { entry, parts, leftOut, behind: [] }
}

function lay(engine: Engine, current: Entry, waiting: Waiting, before: ReadonlyMap<string, string> | undefined): Part | undefined {
  const { job } = waiting
  if (!sameProof(current.proof, job.identity.proof)) throw gone('other-id')
  const asSeen = before === undefined && job.seen?.version === current.version ? job.seen.merged : undefined
  const base = asSeen === undefined ? (before ?? decoded(engine, current)) : undefined
  const merged = asSeen ?? merge(base as ReadonlyMap<string, string>, job.intents, engine)
  if (tookNothing(job, merged)) {
    waiting.resolve({ entry: current, identity: job.identity, merged })
    return undefined
  }
  const identity = merged.newId ? renew(job.identity, engine.draw) : job.identity
  return { waiting, merged, identity, base }
}

function decoded(engine: Engine, entry: Entry): ReadonlyMap<string, string> {
  const texts = engine.values.decode(entry.payload)
  if (texts === undefined) throw new StoreError('load', 'the payload that another writer left is unreadable', { applied: false })
  return texts
}

/** A claim that found nothing has nothing to write. */
function tookNothing({ intents }: Job, merged: Merged): boolean {
  return intents.length === 1 && intents[0]?.kind === 'take' && merged.taken === undefined
}

/** The error of a request whose session is not there any more. */
export function gone(reason: 'ended' | 'other-id'): GoneError {
  return new GoneError(
    reason === 'ended'
      ? 'The session ended (flushed, revoked or expired) while this request was at work. Nothing was saved.'
      : 'The id of the session was renewed while this request was at work. Nothing was saved; the browser has the new id.',
  )
}
