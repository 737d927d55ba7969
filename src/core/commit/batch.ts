import { requireToken } from '../base/access.ts'
import { SessionEndedError, StoreError } from '../base/errors.ts'
import { type Merged, merge } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import type { Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry, Version } from '../store/store.ts'
import type { Job, QueuedJob } from './job.ts'
import { type EntryContext, newEntry } from './new-entry.ts'

type BatchContext = EntryContext & Pick<Engine, 'profile' | 'lifetime' | 'parse' | 'values' | 'ids' | 'emit'>

/** One job of a batch. */
export interface BatchItem {
  readonly queued: QueuedJob
  readonly merged: Merged
  readonly identity: Identity
  /**
   * The properties that the changes were applied to, if another request has changed them since this
   * one read them; otherwise `undefined`.
   */
  readonly base: Texts | undefined
}

/** One write with the changes of several jobs, and the jobs that are not part of it. */
export interface Batch {
  readonly entry: Entry
  readonly items: readonly BatchItem[]
  /** Jobs that have nothing to write. */
  readonly noops: readonly BatchItem[]
  /** Jobs that cannot be written, with the reason. */
  readonly refused: readonly { readonly queued: QueuedJob; readonly error: unknown }[]
  /** Jobs that failed within the batch. Each is evaluated again, alone. */
  readonly retryAlone: readonly QueuedJob[]
  /** Jobs after one that renewed the id; they are re-evaluated against the resulting entry. */
  readonly afterNewId: readonly QueuedJob[]
}

/**
 * Applies the changes of the jobs to `current`, one after another, up to the first job that renews
 * the id. Does not resolve or reject any job.
 */
export function buildBatch(context: BatchContext, current: Entry, jobs: readonly QueuedJob[], nonce: Version): Batch {
  const items: BatchItem[] = []
  const noops: BatchItem[] = []
  const refused: Batch['refused'][number][] = []
  const retryAlone: QueuedJob[] = []
  const batch = { entry: current, items, noops, refused, retryAlone }
  for (const [index, queued] of jobs.entries()) {
    try {
      const item = applyJob(context, current, queued, items.at(-1)?.merged.texts)
      if (claimedNothing(queued.job, item.merged)) {
        noops.push(item)
        continue
      }
      batch.entry = newEntry(context, item.merged, item.identity, nonce, current)
      items.push(item)
      if (item.merged.newId) return { ...batch, afterNewId: jobs.slice(index + 1) }
    } catch (error) {
      if (jobs.length === 1 || error instanceof SessionEndedError) refused.push({ queued, error })
      else retryAlone.push(queued)
    }
  }
  return { ...batch, afterNewId: [] }
}

function applyJob(context: BatchContext, current: Entry, queued: QueuedJob, before: Texts | undefined): BatchItem {
  const { job } = queued
  if (!context.ids.isCurrent(job.identity, current)) throw new SessionEndedError('other-id')
  const isAsKnown = before === undefined && job.entry.version === current.version
  const base = before ?? (isAsKnown ? job.latestTexts : decode(context, current))
  if (before === undefined && context.profile.endOf(current, base, context) <= context.now()) throw new SessionEndedError('ended')
  const merged = (isAsKnown ? job.merged : undefined) ?? merge(base, job.intents, context)
  if (merged.newId) requireToken(job.access, context.emit)
  const identity = merged.newId ? context.ids.renew(job.identity) : job.identity
  return { queued, merged, identity, base: isAsKnown ? undefined : base }
}

function decode({ values }: Pick<Engine, 'values'>, entry: Entry): Texts {
  const texts = values.decode(entry.payload)
  if (texts === undefined) throw new StoreError('load', 'the payload that another process wrote is unreadable', { applied: false })
  return texts
}

/** A claim that found no value has nothing to write. */
function claimedNothing({ intents }: Job, merged: Merged): boolean {
  return intents.length === 1 && intents[0]?.kind === 'claim' && merged.claimed === undefined
}
