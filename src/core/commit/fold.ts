import type { Engine } from '../engine.ts'
import { GoneError, StoreError } from '../errors.ts'
import type { Identity } from '../id.ts'
import type { Entry, Version } from '../store.ts'
import type { Job, QueuedJob } from './job.ts'
import { type Merged, merge } from './merge.ts'
import { newEntry } from './new-entry.ts'

/** A job's share in a write. */
export interface Part {
  readonly queued: QueuedJob
  readonly merged: Merged
  readonly identity: Identity
  /** What its changes were laid on, when that is not what the request itself knew. */
  readonly base: ReadonlyMap<string, string> | undefined
}

/** One write made of the changes of several jobs, and what became of those that have no share in it. */
export interface Folded {
  readonly entry: Entry
  readonly parts: readonly Part[]
  /** Jobs that have nothing to write. */
  readonly idle: readonly Part[]
  /** Jobs that cannot be written, and why. */
  readonly refused: readonly { readonly queued: QueuedJob; readonly error: unknown }[]
  /** Jobs whose own function, codec or size failed in company: they are judged again, alone. */
  readonly leftOut: readonly QueuedJob[]
  /** Jobs behind a new id: they are judged on what it leaves. */
  readonly behind: readonly QueuedJob[]
}

/** Lays the jobs' changes on `current`, one after the other, up to the first that gives the session a new id. Answers nobody. */
export function fold(engine: Engine, current: Entry, jobs: readonly QueuedJob[], nonce: Version): Folded {
  const parts: Part[] = []
  const idle: Part[] = []
  const refused: Folded['refused'][number][] = []
  const leftOut: QueuedJob[] = []
  const folded = { entry: current, parts, idle, refused, leftOut }
  for (const [index, queued] of jobs.entries()) {
    try {
      const part = lay(engine, current, queued, parts.at(-1)?.merged.texts)
      if (claimedNothing(queued.job, part.merged)) {
        idle.push(part)
        continue
      }
      folded.entry = newEntry(engine, part.merged, part.identity, nonce, current)
      parts.push(part)
      if (part.merged.newId) return { ...folded, behind: jobs.slice(index + 1) }
    } catch (error) {
      if (jobs.length === 1 || error instanceof GoneError) refused.push({ queued, error })
      else leftOut.push(queued)
    }
  }
  return { ...folded, behind: [] }
}

function lay(engine: Engine, current: Entry, queued: QueuedJob, before: ReadonlyMap<string, string> | undefined): Part {
  const { job } = queued
  if (!engine.ids.isLiving(job.identity, current)) throw new GoneError('other-id')
  const asKnown = before === undefined && job.entry.version === current.version
  const base = before ?? (asKnown ? job.known : decoded(engine, current))
  const merged = (asKnown ? job.merged : undefined) ?? merge(base, job.intents, engine)
  const identity = merged.newId ? engine.ids.renew(job.identity) : job.identity
  return { queued, merged, identity, base: asKnown ? undefined : base }
}

function decoded(engine: Engine, entry: Entry): ReadonlyMap<string, string> {
  const texts = engine.values.decode(entry.payload)
  if (texts === undefined) throw new StoreError('load', 'the payload that another writer left is unreadable', { applied: false })
  return texts
}

/** A claim that found nothing has nothing to write. */
function claimedNothing({ intents }: Job, merged: Merged): boolean {
  return intents.length === 1 && intents[0]?.kind === 'claim' && merged.claimed === undefined
}
