import { type Engine, pause } from './engine.ts'
import { type Folded, fold, gone, type Part } from './fold.ts'
import { type Done, type Job, Waiting } from './job.ts'
import { overwritten } from './merge.ts'
import type { Entry } from './store.ts'
import type { Fate, Writer } from './writer.ts'

/**
 * Commits changes to sessions that exist. Of one session one write is in flight; what arrives meanwhile waits and then travels
 * together, whole requests in the order they came. Every write is a compare-and-swap: refused, the changes are replayed on the
 * state that won.
 */
export class Commits {
  readonly #engine: Engine
  readonly #writer: Writer
  /** Who waits behind the write in flight, by key. */
  readonly #lanes = new Map<string, Waiting[]>()

  constructor(engine: Engine, writer: Writer) {
    this.#engine = engine
    this.#writer = writer
  }

  /**
   * Resolves when the changes are in the store. Rejects with `GoneError`, `ConflictError`, `CommitUnknownError`, `StoreError`,
   * `CodecError`, or what a function of `update` threw.
   */
  replace(job: Job): Promise<Done> {
    const { merging, patience } = this.#engine
    return new Promise((resolve, reject) => {
      const waiting = new Waiting(job, patience, resolve, reject)
      const lane = this.#lanes.get(job.identity.key)
      if (!merging) void this.#write([waiting], undefined)
      else if (lane === undefined) void this.#drive(job.identity.key, waiting)
      else lane.push(waiting.queued(patience))
    })
  }

  async #drive(key: string, first: Waiting): Promise<void> {
    const lane: Waiting[] = []
    this.#lanes.set(key, lane)
    let newest = await this.#write([first], undefined)
    while (lane.length > 0) newest = await this.#write(lane.splice(0), newest)
    this.#lanes.delete(key)
  }

  /** Brings these jobs to their ends, whatever they are. Answers the newest entry it knows of. Never throws. */
  async #write(jobs: readonly Waiting[], newest: Entry | undefined): Promise<Entry | undefined> {
    try {
      return await this.#swap(jobs, newest ?? (jobs[0] as Waiting).job.entry)
    } catch (error) {
      for (const each of jobs) each.reject(error)
      return undefined
    }
  }

  async #swap(jobs: readonly Waiting[], newest: Entry): Promise<Entry | undefined> {
    const nonce = this.#writer.newNonce()
    let current = newest
    for (let tries = 0; ; tries++) {
      const folded = fold(
        this.#engine,
        current,
        jobs.filter((each) => each.start()),
        nonce,
      )
      const fate = await this.#fate(folded, current)
      if (fate?.kind !== 'stale') return this.#rest(folded, this.#settle(folded, fate, current))
      current = fate.current
      await pause(tries)
    }
  }

  /** What became of the write; `undefined` when it failed, which those who have a share in it are told. */
  async #fate({ entry, parts }: Folded, current: Entry): Promise<Fate | undefined> {
    const [first] = parts
    if (first === undefined) return { kind: 'written', entry: current }
    try {
      return await this.#writer.replace(first.identity.key, entry, current, Math.max(...parts.map((part) => part.waiting.until)))
    } catch (error) {
      for (const { waiting } of parts) waiting.reject(error)
      return undefined
    }
  }

  async #rest({ leftOut, behind }: Folded, newest: Entry | undefined): Promise<Entry | undefined> {
    let known = newest
    for (const each of leftOut) known = await this.#write([each], known)
    return behind.length > 0 ? this.#write(behind, known) : known
  }

  #settle({ parts }: Folded, fate: Exclude<Fate, { kind: 'stale' }> | undefined, before: Entry): Entry | undefined {
    if (fate?.kind !== 'written') {
      for (const { waiting } of parts) waiting.reject(gone('ended'))
      return undefined
    }
    const { entry } = fate
    for (const part of parts) {
      this.#tell(part, entry, part === parts[0] && before.version === part.waiting.job.entry.version)
      part.waiting.resolve({ ...fate, identity: part.identity, merged: part.merged })
    }
    return entry
  }

  #tell({ merged, identity, base, waiting: { job } }: Part, { version }: Entry, undisturbed: boolean): void {
    const { emit } = this.#engine
    const handle = identity.key
    const reason = merged.loggedIn ? 'login' : merged.newId ? 'new-id' : merged.taken === undefined ? 'changed' : 'claimed'
    emit({ type: 'saved', reason, handle, version })
    if (base === undefined || undisturbed) return
    emit({ type: 'merged', reason: 'changed-meanwhile', handle })
    for (const property of overwritten(job.known, base, job.intents)) emit({ type: 'overwritten', reason: 'set-by-both', handle, property })
  }
}
