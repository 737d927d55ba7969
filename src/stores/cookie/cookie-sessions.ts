import type { KeyObject } from 'node:crypto'
import { ConfigError, CookieTooLargeError } from '../../core/base/errors.ts'
import type { Ids } from '../../core/store/id.ts'
import type { Capabilities, Create, Entry, Keyed, Load, Refused, Replace, Store, StoreContext, Written } from '../../core/store/store.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { createSealer, type Sealer } from '../../wire/seal.ts'
import { answer } from '../shared/results.ts'
import { type Envelope, parseEnvelope, printEnvelope } from './cookie-envelope.ts'
import { Revocations } from './cookie-revocations.ts'

/** How sessions are put into cookies. */
export interface CookieSealing {
  /** The first seals, all open. */
  readonly keys: readonly KeyObject[]
  /** The longest token. */
  readonly maxSize: number
  readonly compress: boolean
  readonly revocation: Store | undefined
}

/** No token is longer; whatever is need not be looked at. */
export const MOST_CHARACTERS = 12_288

/** Processes agree on the time within seconds; what is written further ahead was not written now. */
const SKEW = 60_000
const FAMILY_LENGTH = 16
const PROOF_LENGTH = 24
const FAMILY = /^[\w-]{16}$/

/** Sessions sealed into tokens, in the service of one manager. A token is the key of the state that is in it. */
export class CookieSessions implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: false, list: false, indexes: [], carriesData: true }
  /** How tokens are told from what is none. */
  readonly ids: Ids
  /** Clears the rows of ended sessions up, where there are any. */
  readonly clearExpired?: NonNullable<Store['clearExpired']>
  readonly #sealing: CookieSealing
  readonly #service: StoreContext
  readonly #seal: Sealer
  readonly #revocations: Revocations | undefined
  /** What was opened last: a cookie that is parsed is loaded next. */
  #latest: { readonly token: string; readonly envelope: Envelope } | undefined

  constructor(sealing: CookieSealing, service: StoreContext) {
    const { keys, revocation } = sealing
    this.#sealing = sealing
    this.#service = service
    this.#seal = createSealer(keys, service.scope)
    this.#revocations = revocation && new Revocations(revocation, service)
    this.ids = this.#makeIds()
    if (revocation?.clearExpired !== undefined) this.clearExpired = revocation.clearExpired.bind(revocation)
  }

  async load({ key: token, now }: Load): Promise<Entry | undefined> {
    const held = this.#living(token, now)
    return held === undefined ? undefined : this.#judged(held, now)
  }

  async create({ key: family, entry }: Create): Promise<Written | Refused> {
    return { ok: true, token: this.#close({ family, entry }) }
  }

  async replace({ key: token, entry, expected, now }: Replace): Promise<Written | Refused> {
    const held = this.#living(token, now)
    const current = held === undefined ? undefined : await this.#judged(held, now)
    if (held === undefined || current === undefined) return answer.missing
    const { family } = held
    const { proof } = held.entry
    const isOther = current.proof !== proof && current.proof !== entry.proof
    if (current.version !== expected || isOther) return answer.stale(current)
    const next = this.#close({ family, entry }) // what does not fit must not renew anything either
    const isRenewed = entry.proof === proof || ((await this.#revocations?.renew(family, proof, entry.proof)) ?? true)
    return isRenewed ? { ok: true, token: next } : this.replace({ key: token, entry, expected, now })
  }

  /** The token that is out there cannot be changed, and to be read is no reason for another one. */
  async touch(): Promise<boolean> {
    return false
  }

  /** Ends the session of a token, or of the name of its family. Without revocations there is nothing here to delete. */
  async delete({ key }: Keyed): Promise<boolean> {
    const family = this.#open(key)?.family ?? (FAMILY.test(key) ? key : undefined)
    if (family === undefined) return false
    if (this.#revocations !== undefined) return this.#revocations.end(family)
    if (family === key) throw new ConfigError(NOT_REVOCABLE)
    return false
  }

  #makeIds(): Ids {
    const { randomText } = this.#service
    return {
      parse: (token) => {
        const held = this.#open(token)
        return held === undefined ? undefined : { id: token, key: token, handle: held.family, proof: held.entry.proof }
      },
      ...(this.#revocations === undefined ? { decode: ({ key }, now) => this.#living(key, now)?.entry } : {}),
      create() {
        const family = randomText(FAMILY_LENGTH)
        return { id: family, key: family, handle: family, proof: randomText(PROOF_LENGTH) }
      },
      renew: (before) => ({ ...before, proof: randomText(PROOF_LENGTH) }),
      isCurrent: (identity, { proof }) => constantTimeEqual(proof, identity.proof),
    }
  }

  /** The absolute lifetime of today holds for tokens of yesterday. */
  #living(token: string, now: number): Envelope | undefined {
    const held = this.#open(token)
    if (held === undefined) return undefined
    const { createdAt, seenAt, expiresAt } = held.entry
    const isLiving = seenAt <= now + SKEW && expiresAt > now && createdAt + this.#service.absolute > now
    return isLiving ? held : undefined
  }

  async #judged({ family, entry }: Envelope, now: number): Promise<Entry | undefined> {
    return this.#revocations === undefined ? entry : this.#revocations.judge(family, entry, now)
  }

  #close(envelope: Envelope): string {
    const { maxSize, compress } = this.#sealing
    const token = this.#seal.seal(printEnvelope(envelope), compress)
    if (token.length > maxSize) throw new CookieTooLargeError(token.length, maxSize)
    return token
  }

  #open(token: string): Envelope | undefined {
    if (this.#latest?.token === token) return this.#latest.envelope
    const text = token.length > MOST_CHARACTERS ? undefined : this.#seal.unseal(token)
    const envelope = text === undefined ? undefined : parseEnvelope(text)
    if (envelope !== undefined) this.#latest = { token, envelope }
    return envelope
  }
}

const NOT_REVOCABLE =
  'A CookieStore cannot end a session that is not the one of its own request: the data is in the browser. Give it a store that remembers which sessions ended: new CookieStore({ secrets, revocation: store }).'
