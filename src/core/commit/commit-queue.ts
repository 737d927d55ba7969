import { pause } from '../clock.ts'
import type { Engine } from '../engine.ts'
import { GoneError, StoreError } from '../errors.ts'
import { issued } from '../id.ts'
import type { Entry } from '../store.ts'
import { type Folded, fold, type Part } from './fold.ts'
import { type Done, type Job, QueuedJob } from './job.ts'
import { overwritten } from './merge.ts'
import type { Fate, Writer } from './writer.ts'

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
  readonly #lanes = new Map<string, QueuedJob[]>()

  constructor(engine: Engine, writer: Writer) {
    this.#engine = engine
    this.#writer = writer
  }

  /**
   * Resolves when the changes are in the store. Rejects with `GoneError`, `ConflictError`, `CommitUnknownError`, `StoreError`,
   * `CodecError`, or what a function of `update` threw.
   */
  commit(job: Job): Promise<Done> {
    return new Promise((resolve, reject) => {
      const queued = new QueuedJob(job, resolve, reject)
      if (!this.#engine.merging) return void this.#bring([queued], undefined)
      const lane = this.#lanes.get(job.identity.key)
      if (lane === undefined) void this.#drive(job.identity.key, queued)
      else if (lane.length >= MOST_IN_LANE) queued.reject(crowded())
      else lane.push(queued.wait())
    })
  }

  async #drive(key: string, first: QueuedJob): Promise<void> {
    const lane: QueuedJob[] = []
    this.#lanes.set(key, lane)
    let newest = await this.#bring([first], undefined)
    while (lane.length > 0) newest = await this.#bring(lane.splice(0), newest)
    this.#lanes.delete(key)
  }

  /** Brings these jobs to their ends, whatever they are. Answers the newest entry it knows of. Never throws. */
  async #bring(jobs: readonly QueuedJob[], newest: Entry | undefined): Promise<Entry | undefined> {
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
      const folded = fold(
        this.#engine,
        current,
        jobs.filter((each) => each.start()),
        nonce,
      )
      answerShareless(folded, current)
      const fate = await this.#fate(folded, current)
      if (fate?.kind !== 'stale') {
        const known = this.#answer(folded, fate, current)
        return folded.leftOut.length + folded.behind.length === 0 ? known : this.#rest(folded, known)
      }
      current = fate.current
      await pause(tries)
    }
  }

  /** What became of the write; `undefined` when it failed, which those who have a share in it are told. */
  async #fate({ entry, parts }: Folded, current: Entry): Promise<Fate | undefined> {
    const [first, last] = [parts[0], parts.at(-1)]
    if (first === undefined || last === undefined) return { kind: 'written', entry: current, written: { ok: true } }
    const keys = [first.queued.job.identity.key, last.identity.key] as const
    try {
      return await this.#writer.swap(keys, entry, current, Math.max(...parts.map((part) => part.queued.job.until)))
    } catch (error) {
      for (const { queued } of parts) queued.reject(error)
      return undefined
    }
  }

  async #rest({ leftOut, behind }: Folded, newest: Entry | undefined): Promise<Entry | undefined> {
    let known = newest
    for (const each of leftOut) known = await this.#bring([each], known)
    return behind.length > 0 ? this.#bring(behind, known) : known
  }

  #answer({ parts }: Folded, fate: Exclude<Fate, { kind: 'stale' }> | undefined, before: Entry): Entry | undefined {
    if (fate?.kind !== 'written') {
      for (const { queued } of parts) queued.reject(new GoneError('ended'))
      return undefined
    }
    const { entry } = fate
    for (const part of parts) {
      this.#tell(part, entry, part === parts[0] && before.version === part.queued.job.entry.version)
      part.queued.resolve({ entry, identity: issued(part.identity, fate.written), merged: part.merged })
    }
    return entry
  }

  #tell({ merged, identity, base, queued: { job } }: Part, { version }: Entry, undisturbed: boolean): void {
    const { emit } = this.#engine
    const { handle } = identity
    const reason = merged.loggedIn ? 'login' : merged.newId ? 'new-id' : merged.claimed === undefined ? 'changed' : 'claimed'
    emit({ type: 'saved', reason, handle, version })
    if (base === undefined || undisturbed) return
    emit({ type: 'merged', reason: 'changed-meanwhile', handle })
    for (const property of overwritten(job.known, base, job.intents)) emit({ type: 'overwritten', reason: 'set-by-both', handle, property })
  }
}

function answerShareless({ idle, refused }: Folded, entry: Entry): void {
  for (const { queued, identity, merged } of idle) queued.resolve({ entry, identity, merged })
  for (const { queued, error } of refused) queued.reject(error)
}

function crowded(): StoreError {
  const message = `${MOST_IN_LANE} requests of this session wait to be saved already. Nothing was saved; the request may be sent again.`
  return new StoreError('replace', undefined, { applied: false, message })
}
