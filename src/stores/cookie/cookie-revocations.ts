import type { Entry, GuardedStore, Store, StoreContext } from '../../core/store/store.ts'
import { tombstone } from '../../core/store/tombstone.ts'

/** The payload of the row of an ended session, in place of a proof. */
const ENDED = ''
/** Milliseconds by which the clocks of processes may differ. */
const CLOCK_SKEW = 60_000
/** Concurrent writes are rare. This many conflicts mean that the store is broken. */
const MAX_TRIES = 10

/**
 * Stores on the server which sessions in cookies have ended, and the current proof of those whose
 * id was renewed. Each of these sessions has one row until its last token has expired. All other
 * sessions have none. The row is a tombstone, because its store may hold sessions as well, and its
 * payload is the current proof.
 */
export class Revocations {
  readonly #store: GuardedStore
  readonly #context: StoreContext

  constructor(store: Store, context: StoreContext) {
    this.#store = context.guard(store)
    this.#context = context
  }

  /**
   * Returns the entry of a token with the current proof, or `undefined` if the session has ended.
   */
  async check(family: string, entry: Entry, now: number): Promise<Entry | undefined> {
    const row = await this.#load(family, now)
    if (row === undefined || row.payload === entry.proof) return entry
    return row.payload === ENDED ? undefined : { ...entry, proof: row.payload, idAt: row.idAt }
  }

  /**
   * Makes `to` the current proof if `from` is. Returns `false` if the session has ended or another
   * request renewed its id.
   */
  renew(family: string, from: string, to: string): Promise<boolean> {
    return this.#write(family, to, (proof) => proof === undefined || proof === from)
  }

  /** Ends a session, whatever its proof. Returns `false` if it had already ended. */
  end(family: string): Promise<boolean> {
    return this.#write(family, ENDED, (proof) => proof !== ENDED)
  }

  /**
   * Writes a proof if `allows` accepts the current one. Repeated calls have the effect of one. The
   * row outlives every token of the session, because all of them exist by now.
   */
  async #write(family: string, proof: string, allows: (current: string | undefined) => boolean): Promise<boolean> {
    const { randomText, absolute } = this.#context
    const key = keyOf(family)
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const now = this.#context.now()
      const row = await this.#load(family, now)
      if (!allows(row?.payload)) return row?.payload === proof && proof !== ENDED
      const next = tombstone(randomText(12), now, now + absolute + CLOCK_SKEW, proof)
      const create = { key, entry: next }
      const result = await (row === undefined ? this.#store.create(create) : this.#store.replace({ ...create, expected: row.version, now }))
      if (result.ok) return true
    }
    throw new Error(`The row ${key} of the option \`revocation\` could not be written in ${MAX_TRIES} tries.`)
  }

  #load(family: string, now: number): Promise<Entry | undefined> {
    return this.#store.load({ key: keyOf(family), now, fresh: true })
  }
}

/** Keys differ in shape from those of sessions, because the store may hold sessions as well. */
function keyOf(family: string): string {
  return `cookie.${family}`
}
