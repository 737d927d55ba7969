import { backoff } from '../base/clock.ts'
import { SessionEndedError, StoreError } from '../base/errors.ts'
import type { Listener, SessionEvents } from '../base/events.ts'
import { overwrittenProperties } from '../changes/merge.ts'
import type { Committed } from '../changes/state.ts'
import { issued } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { type Batch, type BatchItem, buildBatch } from './batch.ts'
import { type CommitResult, type Job, QueuedJob } from './job.ts'
import type { CommitContext, WriteOutcome, Writer } from './writer.ts'

/**
 * How many requests of one session may wait for its write. The limit is above what any browser
 * sends, so it bounds memory only.
 */
const MAX_QUEUED = 1000

/**
 * Commits changes to sessions that exist. In one manager each session has one write in flight,
 * unless `merging` is false; jobs that arrive during it wait and are then written together, in the
 * order of their arrival. Every write is a compare-and-swap. If another process has written first,
 * the changes are replayed on its entry.
 */
export class CommitQueue {
  readonly #context: CommitContext
  readonly #writer: Writer
  /** The jobs that wait for the write in flight, by key. */
  readonly #queues = new Map<string, QueuedJob[]>()

  constructor(context: CommitContext, writer: Writer) {
    this.#context = context
    this.#writer = writer
  }

  /**
   * Resolves when the changes are in the store. Rejects with `SessionEndedError`, `BusyError`,
   * `CommitUnknownError`, `StoreError`, `CodecError`, or with the error that a function of `update`
   * threw.
   */
  commit(job: Job): Promise<CommitResult> {
    const queued = new QueuedJob(job)
    const queue = this.#context.merging ? this.#queues.get(job.identity.key) : undefined
    if (!this.#context.merging) void this.#run([queued])
    else if (queue === undefined) void this.#drain(job.identity.key, queued)
    else if (queue.length >= MAX_QUEUED) queued.reject(queueFull())
    else {
      queue.push(queued)
      queued.startDeadline()
    }
    return queued.result
  }

  async #drain(key: string, first: QueuedJob): Promise<void> {
    const queue: QueuedJob[] = []
    this.#queues.set(key, queue)
    let newest = await this.#run([first])
    while (queue.length > 0) newest = await this.#run(queue.splice(0), newest)
    this.#queues.delete(key)
  }

  /**
   * Writes these jobs, and resolves or rejects each of them. Resolves to the newest entry that is
   * known, or to `undefined`. Never rejects.
   */
  async #run(jobs: readonly QueuedJob[], newest: Entry = (jobs[0] as QueuedJob).job.entry): Promise<Entry | undefined> {
    let nonce = ''
    let batch: Batch | undefined
    let known: Entry | undefined
    try {
      nonce = this.#context.receipts.open()
      let outcome: WriteOutcome = { kind: 'stale', current: newest }
      for (let tries = 0; outcome.kind === 'stale'; tries++) {
        const current: Entry = outcome.current
        if (tries > 0) await backoff(tries - 1)
        const started = jobs.filter((job) => job.tryStart())
        batch = buildBatch(this.#context, current, started, nonce)
        settleWithoutWrite(batch, current)
        outcome = batch.items.length === 0 ? noWriteNeeded(current) : await this.#write(batch, current)
        if (outcome.kind !== 'stale') known = this.#settle(batch, outcome, current)
        else for (const { queued } of batch.items) queued.isBeingWritten = false
      }
    } catch (error) {
      for (const job of batch?.items.map(({ queued }) => queued) ?? jobs) job.reject(error)
    }
    this.#context.receipts.close(nonce)
    return batch && this.#runRemaining(batch, known)
  }

  #write({ entry, items }: Batch, before: Entry): Promise<WriteOutcome> {
    const [first, last] = [items[0], items.at(-1)] as [BatchItem, BatchItem]
    const keys = { key: first.queued.job.identity.key, newKey: last.identity.key }
    for (const { queued } of items) queued.isBeingWritten = true
    return this.#writer.replace(keys, entry, before, Math.max(...items.map(({ queued }) => queued.job.deadline)))
  }

  /**
   * Runs the jobs that were not part of the batch. Returns without a promise when nothing remains,
   * which is the usual case.
   */
  #runRemaining(
    { retryIndividually: [first, ...others], afterNewId }: Pick<Batch, 'retryIndividually' | 'afterNewId'>,
    newest: Entry | undefined,
  ): Promise<Entry | undefined> | Entry | undefined {
    if (first !== undefined)
      return this.#run([first], newest).then((known) => this.#runRemaining({ retryIndividually: others, afterNewId }, known))
    return afterNewId.length > 0 ? this.#run(afterNewId, newest) : newest
  }

  #settle({ items }: Batch, outcome: Exclude<WriteOutcome, { kind: 'stale' }>, before: Entry): Entry | undefined {
    if (outcome.kind === 'missing') {
      for (const { queued } of items) queued.reject(new SessionEndedError('ended'))
      return undefined
    }
    const { entry, written } = outcome
    if (entry.userId !== before.userId || items.some(({ changesIds }) => changesIds)) this.#announce(items)
    for (const item of items) {
      this.#report(item, entry)
      item.queued.resolve(resultOf(item, { entry, identity: issued(item.identity, written), isWritten: true }))
    }
    return entry
  }

  /** The session has other ids or another user, so watches of it may end. */
  #announce([first]: readonly BatchItem[]): void {
    if (first !== undefined) this.#context.endedSessions.announce('ended', first.queued.job.identity.handle)
  }

  #report(item: BatchItem, { version }: Entry): void {
    const { emit } = this.#context
    const {
      newerTexts,
      identity: { handle },
      queued: { job },
    } = item
    emit({ type: 'saved', reason: savedReason(item), handle, version })
    reportIds(item, emit)
    if (newerTexts === undefined) return
    emit({ type: 'merged', reason: 'changed-concurrently', handle })
    for (const property of overwrittenProperties(job.latestTexts, newerTexts, job.intents))
      emit({ type: 'overwritten', reason: 'set-by-both', handle, property })
  }
}

function savedReason({ merged, isCycled }: BatchItem): SessionEvents['saved']['reason'] {
  if (merged.loggedIn) return 'login'
  if (merged.newId || isCycled) return 'new-id'
  return merged.claimed === undefined ? 'changed' : 'claimed'
}

/** Reports what a write did to the ids of its session. */
function reportIds({ merged, joins, isCycled, endedIds, identity: { handle }, queued: { job } }: BatchItem, emit: Listener): void {
  if (joins) emit({ type: 'login-joined', reason: 'same-user', handle })
  if (merged.confirmed !== undefined) emit({ type: 'reauthenticated', reason: 'same-user', handle })
  if (isCycled) emit({ type: 'id-cycled', reason: 'age', handle })
  else if (job.intents.some(({ kind }) => kind === 'cycle')) emit({ type: 'id-cycled', reason: 'requested', handle })
  if (endedIds > 0) emit({ type: 'old-ids-ended', reason: merged.newId ? 'new-id' : 'overlap-over', count: endedIds, handle })
}

function noWriteNeeded(entry: Entry): WriteOutcome {
  return { kind: 'written', entry, written: { ok: true } }
}

function resultOf({ merged, newerTexts, joins, queued: { job } }: BatchItem, committed: Committed): CommitResult {
  return { ...committed, merged, before: newerTexts ?? job.latestTexts, joins }
}

function settleWithoutWrite({ noops, refused }: Batch, entry: Entry): void {
  for (const item of noops) item.queued.resolve(resultOf(item, { entry, identity: item.identity, isWritten: false }))
  for (const { queued, error } of refused) queued.reject(error)
}

function queueFull(): StoreError {
  const message = `${MAX_QUEUED} requests of this session are already waiting to be saved. Nothing was saved; repeat the request later.`
  return new StoreError('replace', undefined, { applied: false, message })
}
