import type { Entry, GuardedStore, Store, StoreContext } from '../../core/store/store.ts'

/** The proof in the row of a session that ended: no token has it. */
const ENDED = ''
/** Processes agree on the time within seconds. */
const MARGIN = 60_000
/** Two at once are rare; this many are a store that does not work. */
const MOST_TRIES = 10

/**
 * What the server remembers of sessions that live in cookies: which ended, and of those whose id was renewed, which proof is the living one.
 * One row a session, until no token of it can be alive any more; none for the sessions to which neither has happened.
 */
export class Revocations {
  readonly #store: GuardedStore
  readonly #service: StoreContext

  constructor(store: Store, service: StoreContext) {
    this.#store = service.guard(store)
    this.#service = service
  }

  /** The entry of a token as the server sees it: `undefined` if its session ended; with the living proof, if that is another one. */
  async judge(family: string, entry: Entry, now: number): Promise<Entry | undefined> {
    const row = await this.#load(family, now)
    if (row === undefined || row.proof === entry.proof) return entry
    return row.proof === ENDED ? undefined : { ...entry, proof: row.proof, idAt: row.idAt }
  }

  /** Makes `to` the one living proof, if `from` was. `false` when the session ended or was renewed by another. */
  renew(family: string, from: string, to: string): Promise<boolean> {
    return this.#write(family, to, (proof) => proof === undefined || proof === from)
  }

  /** Ends a session, whatever its proof. `false` when it had ended before. */
  end(family: string): Promise<boolean> {
    return this.#write(family, ENDED, (proof) => proof !== ENDED)
  }

  /** Writes a proof where the one that is there allows it. Said twice, it is heard once. */
  async #write(family: string, proof: string, allows: (there: string | undefined) => boolean): Promise<boolean> {
    const key = keyOf(family)
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const now = this.#service.now()
      const row = await this.#load(family, now)
      if (!allows(row?.proof)) return row?.proof === proof && proof !== ENDED
      const next = this.#row(proof, now)
      const answer =
        row === undefined
          ? await this.#store.create({ key, entry: next })
          : await this.#store.replace({ key, entry: next, expected: row.version, now })
      if (answer.ok) return true
    }
    throw new Error(`the row ${key} could not be written in ${MOST_TRIES} tries`)
  }

  #load(family: string, now: number): Promise<Entry | undefined> {
    return this.#store.load({ key: keyOf(family), now, fresh: true })
  }

  /** Every token there is of the session was made by now, so none outlives this row. */
  #row(proof: string, now: number): Entry {
    const { randomText, absolute } = this.#service
    const expiresAt = now + absolute + MARGIN
    return { payload: '{}', proof, idAt: now, version: randomText(12), commits: '', createdAt: now, seenAt: now, expiresAt }
  }
}

/** Not of the shape of any key that leads to a session, should the store hold such as well. */
function keyOf(family: string): string {
  return `cookie.${family}`
}
