import { requireToken } from '../base/access.ts'
import { SessionEndedError, StoreError } from '../base/errors.ts'
import { OTHERS } from '../base/reserved.ts'
import { type Merged, merge } from '../changes/merge.ts'
import { idsAfter, isIdTooOld, mayJoin, type SessionWrite, standingOf, validProofs } from '../changes/overlap.ts'
import type { Engine } from '../config/engine.ts'
import type { Texts } from '../config/profile.ts'
import { hasSeveralIds } from '../config/several-ids.ts'
import type { Identity } from '../store/id.ts'
import type { Entry, Version } from '../store/store.ts'
import { isTombstone } from '../store/tombstone.ts'
import type { Job, QueuedJob } from './job.ts'
import { type EntryContext, type NewestId, newEntry } from './new-entry.ts'

type BatchContext = EntryContext & Pick<Engine, 'profile' | 'lifetime' | 'parse' | 'print' | 'values' | 'ids' | 'emit'>

/** One job of a batch. */
export interface BatchItem {
  readonly queued: QueuedJob
  readonly merged: Merged
  readonly identity: Identity
  /** The newest id of the session, which need not be the one of this request. */
  readonly newestId: NewestId
  /** Whether the set of valid ids changes; later jobs are then evaluated again. */
  readonly changesIds: boolean
  /** A login joined the session of a parallel login. */
  readonly joins: boolean
  /** The id was replaced because of its age. */
  readonly isCycled: boolean
  /** How many ids that were valid next to the newest one have ended. */
  readonly endedIds: number
  /**
   * The properties that the changes were applied to, if another request has changed them since this
   * one read them; otherwise `undefined`.
   */
  readonly newerTexts: Texts | undefined
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
  readonly retryIndividually: readonly QueuedJob[]
  /**
   * Jobs after one that changed which ids are valid; they are evaluated again on the resulting
   * entry.
   */
  readonly afterNewId: readonly QueuedJob[]
}

/**
 * Applies the changes of the jobs to `current`, one after another, up to the first job that changes
 * which ids are valid. Does not resolve or reject any job.
 */
export function buildBatch(context: BatchContext, current: Entry, jobs: readonly QueuedJob[], nonce: Version): Batch {
  const items: BatchItem[] = []
  const noops: BatchItem[] = []
  const refused: Batch['refused'][number][] = []
  const retryIndividually: QueuedJob[] = []
  const batch = { entry: current, items, noops, refused, retryIndividually }
  for (const [index, queued] of jobs.entries()) {
    try {
      const item = applyJob(context, current, queued, items.at(-1)?.merged.texts)
      if (changesNothing(queued.job, item)) {
        noops.push(item)
        continue
      }
      const { createdFrom } = queued.job.admission ?? {}
      batch.entry = newEntry(context, item.merged, item.newestId, nonce, { before: current, createdFrom })
      items.push(item)
      if (item.changesIds) return { ...batch, afterNewId: jobs.slice(index + 1) }
    } catch (error) {
      if (jobs.length === 1 || error instanceof SessionEndedError) refused.push({ queued, error })
      else retryIndividually.push(queued)
    }
  }
  return { ...batch, afterNewId: [] }
}

function applyJob(context: BatchContext, current: Entry, queued: QueuedJob, before: Texts | undefined): BatchItem {
  if (isTombstone(current)) throw new SessionEndedError('ended')
  const { job } = queued
  const now = context.now()
  const isAsKnown = before === undefined && job.entry.version === current.version
  const base = before ?? (isAsKnown ? job.latestTexts : decode(context, current))
  const joins = mustJoin(context, job, current, base, now)
  if (before === undefined && context.profile.endOf(current, base, context) <= now) throw new SessionEndedError('ended')
  const merged = (isAsKnown ? job.merged : undefined) ?? merge(base, job.intents, context)
  if (merged.newId) requireToken(job.access, context.emit)
  const isCycled = !merged.newId && job.mayCycleId === true && isIdTooOld(job.identity.proof, current, base, now, context)
  const identity = merged.newId || isCycled ? context.ids.renew(job.identity) : job.identity
  const write = { before: current, base, merged, presented: job.identity, identity, joins, isCycled, now }
  return { queued, identity, joins, isCycled, newerTexts: isAsKnown ? undefined : base, ...afterWrite(context, write) }
}

/** Whether the job joins a session that its id is not valid for. Throws if it may not. */
function mustJoin(context: BatchContext, job: Job, current: Entry, base: Texts, now: number): boolean {
  if (isValid(context, job.identity, current, base, now)) return false
  if (job.admission?.mayJoin === false || !mayJoin(job.identity.proof, job.intents, base, now, context))
    throw new SessionEndedError('other-id')
  return true
}

/** The properties and the ids of a session after a write. */
function afterWrite(context: BatchContext, write: SessionWrite): Pick<BatchItem, 'merged' | 'newestId' | 'changesIds' | 'endedIds'> {
  const { merged, identity, before, base, now } = write
  if (!hasSeveralIds(context.capabilities)) {
    const newestId = { proof: identity.proof, idAt: merged.newId ? now : before.idAt }
    return { merged, newestId, changesIds: merged.newId, endedIds: 0 }
  }
  const { texts, ...newestId } = idsAfter(write, context.values)
  const changesIds = merged.newId || write.isCycled || texts.get(OTHERS) !== base.get(OTHERS)
  const endedIds = changesIds && base.has(OTHERS) ? countEnded(write, [newestId.proof, ...validProofs(texts, context.parse)], context) : 0
  return { merged: { ...merged, texts }, newestId, changesIds, endedIds }
}

function countEnded({ before, base }: SessionWrite, after: readonly string[], { parse }: BatchContext): number {
  return [before.proof, ...validProofs(base, parse)].filter((proof) => !after.includes(proof)).length
}

function isValid({ ids, parse }: BatchContext, identity: Identity, current: Entry, base: Texts, now: number): boolean {
  return ids.isCurrent(identity, current) || standingOf(identity.proof, current, base, now, parse) === 'overlapping'
}

function decode({ values }: Pick<Engine, 'values'>, entry: Entry): Texts {
  const texts = values.decode(entry.payload)
  if (texts === undefined)
    throw new StoreError('load', 'the payload that another process wrote is unreadable. Give all processes the same option `codec`', {
      applied: false,
    })
  return texts
}

/** A claim that found no value, or the end of an overlap that is over already. */
function changesNothing({ intents }: Job, { merged, changesIds }: BatchItem): boolean {
  const [first, another] = intents
  if (changesIds || first === undefined) return !changesIds
  return another === undefined && first.kind === 'claim' && merged.claimed === undefined
}
