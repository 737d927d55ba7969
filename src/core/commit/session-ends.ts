import { monotonic } from '../base/clock.ts'
import type { Engine } from '../config/engine.ts'
import type { EndedIndex, EndedSession, EndReason } from '../config/lifecycle.ts'
import type { IndexName } from '../store/store.ts'
import type { Writer } from './writer.ts'

type EndsContext = Pick<Engine, 'store' | 'emit' | 'endedSessions' | 'lifecycles' | 'requestTimeout'>

/** Ends sessions. Every end of a session goes through this class. One per manager. */
export class SessionEnds {
  readonly #context: EndsContext
  readonly #writer: Writer

  constructor(context: EndsContext, writer: Writer) {
    this.#context = context
    this.#writer = writer
  }

  /**
   * Ends one session and reports it. Resolves to `false` if there was none. Rejects with
   * `StoreError`, `CommitUnknownError` or `BusyError`.
   */
  async end(session: EndedSession): Promise<boolean> {
    const { key, handle, reason, deadline } = session
    const existed = await this.#announcing('ended', handle, () => this.#writer.end(key, deadline))
    // A flush is reported even if there is no row, because its request had a session.
    if (existed || session.identity !== undefined) this.#context.emit({ type: 'ended', reason, handle })
    await this.#ended(session)
    return existed
  }

  /** Ends the session with this handle, for callers that do not have its id. */
  revoke(handle: string, reason: EndReason): Promise<boolean> {
    return this.end({ key: handle, handle, reason, deadline: this.#deadline() })
  }

  /**
   * Ends all sessions of an index that were committed before the call, except the key `except`.
   * Resolves to their number. Rejects with `StoreError`.
   */
  async endAll(index: IndexName, name: string, except: string | undefined): Promise<number> {
    const { store, emit } = this.#context
    const deadline = this.#deadline()
    const operation = { index, name, except, tombstone: this.#writer.tombstone() }
    const count = await this.#announcing('user-ended', name, () => store.deleteByIndex(operation))
    if (count > 0) emit({ type: 'ended', reason: 'revoked' })
    await this.#ended({ index, name, except, reason: 'revoked', deadline })
    return count
  }

  /** Announces an end also if it fails, because it may have had an effect. */
  async #announcing<T>(kind: 'ended' | 'user-ended', value: string, end: () => Promise<T>): Promise<T> {
    try {
      return await end()
    } finally {
      this.#context.endedSessions.announce(kind, value)
    }
  }

  #deadline(): number {
    return monotonic() + this.#context.requestTimeout
  }

  /** Calls all lifecycles, also if one fails, and then throws the first error. */
  async #ended(ended: EndedSession | EndedIndex): Promise<void> {
    const { lifecycles } = this.#context
    if (lifecycles === undefined) return
    const results = await Promise.allSettled(lifecycles.afterEnd.map(async (afterEnd) => afterEnd(ended)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}
