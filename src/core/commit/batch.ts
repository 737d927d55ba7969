import { SessionEndedError, StoreError } from '../base/errors.ts'
import { type Merged, merge } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { Identity } from '../store/id.ts'
import type { Entry, Version } from '../store/store.ts'
import type { Job, QueuedJob } from './job.ts'
import { newEntry } from './new-entry.ts'

/** A job's share in a write. */
export interface BatchItem {
  readonly queued: QueuedJob
  readonly merged: Merged
  readonly identity: Identity
  /** What its changes were laid on, when that is not what the request itself knew. */
  readonly base: ReadonlyMap<string, string> | undefined
}

/** One write made of the changes of several jobs, and what became of those that have no share in it. */
export interface Batch {
  readonly entry: Entry
  readonly items: readonly BatchItem[]
  /** Jobs that have nothing to write. */
  readonly noops: readonly BatchItem[]
  /** Jobs that cannot be written, and why. */
  readonly refused: readonly { readonly queued: QueuedJob; readonly error: unknown }[]
  /** Jobs whose own function, codec or size failed in company: they are judged again, alone. */
  readonly retryAlone: readonly QueuedJob[]
  /** Jobs behind a new id: they are judged on what it leaves. */
  readonly afterNewId: readonly QueuedJob[]
}

/** Lays the jobs' changes on `current`, one after the other, up to the first that gives the session a new id. Answers nobody. */
export function buildBatch(engine: Engine, current: Entry, jobs: readonly QueuedJob[], nonce: Version): Batch {
  const items: BatchItem[] = []
  const noops: BatchItem[] = []
  const refused: Batch['refused'][number][] = []
  const retryAlone: QueuedJob[] = []
  const batch = { entry: current, items, noops, refused, retryAlone }
  for (const [index, queued] of jobs.entries()) {
    try {
      const item = applyJob(engine, current, queued, items.at(-1)?.merged.texts)
      if (claimedNothing(queued.job, item.merged)) {
        noops.push(item)
        continue
      }
      batch.entry = newEntry(engine, item.merged, item.identity, nonce, current)
      items.push(item)
      if (item.merged.newId) return { ...batch, afterNewId: jobs.slice(index + 1) }
    } catch (error) {
      if (jobs.length === 1 || error instanceof SessionEndedError) refused.push({ queued, error })
      else retryAlone.push(queued)
    }
  }
  return { ...batch, afterNewId: [] }
}

function applyJob(engine: Engine, current: Entry, queued: QueuedJob, before: ReadonlyMap<string, string> | undefined): BatchItem {
  const { job } = queued
  if (!engine.ids.isCurrent(job.identity, current)) throw new SessionEndedError('other-id')
  const asKnown = before === undefined && job.entry.version === current.version
  const base = before ?? (asKnown ? job.latestTexts : decoded(engine, current))
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
