import { backoff } from '../base/clock.ts'
import { SessionEndedError, StoreError } from '../base/errors.ts'
import { overwritten } from '../changes/merge.ts'
import type { Engine } from '../config/engine.ts'
import { issued } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import { type Batch, type BatchItem, buildBatch } from './batch.ts'
import { type Done, type Job, QueuedJob } from './job.ts'
import type { WriteOutcome, Writer } from './writer.ts'

/** The most requests of one session that wait behind its write. No browser sends so many. */
const MOST_IN_LANE = 1000

/**
 * Commits changes to sessions that exist. Of one session one write is in flight; what arrives meanwhile waits and then travels
 * together, whole requests in the order they came. Every write is a compare-and-swap: refused, the changes are replayed on the
 * state that won.
 */
export class CommitQueue {
  readonly #engine: Engine
  readonly #writer: Writer
  /** Who waits behind the write in flight, by key. */
  readonly #queues = new Map<string, QueuedJob[]>()

  constructor(engine: Engine, writer: Writer) {
    this.#engine = engine
    this.#writer = writer
  }

  /**
   * Resolves when the changes are in the store. Rejects with `SessionEndedError`, `BusyError`, `CommitUnknownError`, `StoreError`,
   * `CodecError`, or what a function of `update` threw.
   */
  commit(job: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      const queued = new QueuedJob(job, resolve, reject)
      if (!this.#engine.merging) return void this.#run([queued], undefined)
      const lane = this.#queues.get(job.identity.key)
      if (lane === undefined) void this.#drain(job.identity.key, queued)
      else if (lane.length >= MOST_IN_LANE) queued.reject(crowded())
      else lane.push(queued.wait())
    })
  }

  async #drain(key: string, first: QueuedJob): Promise<void> {
    const lane: QueuedJob[] = []
    this.#queues.set(key, lane)
    let newest = await this.#run([first], undefined)
    while (lane.length > 0) newest = await this.#run(lane.splice(0), newest)
    this.#queues.delete(key)
  }

  /** Brings these jobs to their ends, whatever they are. Answers the newest entry it knows of. Never throws. */
  async #run(jobs: readonly QueuedJob[], newest: Entry | undefined): Promise<Entry | undefined> {
    try {
      return await this.#swap(jobs, newest ?? (jobs[0] as QueuedJob).job.entry)
    } catch (error) {
      for (const each of jobs) each.reject(error)
      return undefined
    }
  }

  async #swap(jobs: readonly QueuedJob[], newest: Entry): Promise<Entry | undefined> {
    const nonce = this.#writer.newNonce()
    let current = newest
    for (let tries = 0; ; tries++) {
      const folded = buildBatch(
        this.#engine,
        current,
        jobs.filter((each) => each.start()),
        nonce,
      )
      settleWithoutWrite(folded, current)
      const fate = await this.#write(folded, current)
      if (fate?.kind !== 'stale') {
        const known = this.#settle(folded, fate, current)
        return folded.retryAlone.length + folded.afterNewId.length === 0 ? known : this.#runRemaining(folded, known)
      }
      current = fate.current
      await backoff(tries)
    }
  }

  /** What became of the write; `undefined` when it failed, which those who have a share in it are told. */
  async #write({ entry, items }: Batch, current: Entry): Promise<WriteOutcome | undefined> {
    const [first, last] = [items[0], items.at(-1)]
    if (first === undefined || last === undefined) return { kind: 'written', entry: current, written: { ok: true } }
    const keys = [first.queued.job.identity.key, last.identity.key] as const
    try {
      return await this.#writer.swap(keys, entry, current, Math.max(...items.map((part) => part.queued.job.deadline)))
    } catch (error) {
      for (const { queued } of items) queued.reject(error)
      return undefined
    }
  }

  async #runRemaining({ retryAlone, afterNewId }: Batch, newest: Entry | undefined): Promise<Entry | undefined> {
    let known = newest
    for (const each of retryAlone) known = await this.#run([each], known)
    return afterNewId.length > 0 ? this.#run(afterNewId, known) : known
  }

  #settle({ items }: Batch, fate: Exclude<WriteOutcome, { kind: 'stale' }> | undefined, before: Entry): Entry | undefined {
    if (fate?.kind !== 'written') {
      for (const { queued } of items) queued.reject(new SessionEndedError('ended'))
      return undefined
    }
    const { entry } = fate
    for (const part of items) {
      this.#report(part, entry, part === items[0] && before.version === part.queued.job.entry.version)
      part.queued.resolve({ entry, identity: issued(part.identity, fate.written), merged: part.merged })
    }
    return entry
  }

  #report({ merged, identity, base, queued: { job } }: BatchItem, { version }: Entry, undisturbed: boolean): void {
    const { emit } = this.#engine
    const { handle } = identity
    const reason = merged.loggedIn ? 'login' : merged.newId ? 'new-id' : merged.claimed === undefined ? 'changed' : 'claimed'
    emit({ type: 'saved', reason, handle, version })
    if (base === undefined || undisturbed) return
    emit({ type: 'merged', reason: 'changed-meanwhile', handle })
    for (const property of overwritten(job.latestTexts, base, job.intents))
      emit({ type: 'overwritten', reason: 'set-by-both', handle, property })
  }
}

function settleWithoutWrite({ noops, refused }: Batch, entry: Entry): void {
  for (const { queued, identity, merged } of noops) queued.resolve({ entry, identity, merged })
  for (const { queued, error } of refused) queued.reject(error)
}

function crowded(): StoreError {
  const message = `${MOST_IN_LANE} requests of this session wait to be saved already. Nothing was saved; the request may be sent again.`
  return new StoreError('replace', undefined, { applied: false, message })
}
