import type { KeyObject } from 'node:crypto'
import { ConfigError, CookieTooLargeError } from '../../core/base/errors.ts'
import { type Ids, sha256 } from '../../core/store/id.ts'
import { results } from '../../core/store/results.ts'
import type { Capabilities, Create, Entry, Keyed, Load, Refused, Replace, Store, StoreContext, Written } from '../../core/store/store.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { createSealer, type Sealer } from '../../wire/seal.ts'
import { type Envelope, formatEnvelope, parseEnvelope } from './cookie-envelope.ts'
import { Revocations } from './cookie-revocations.ts'

/** The checked options of a `CookieStore`. */
export interface CookieStoreConfig {
  /** The first key seals, all keys open. */
  readonly keys: readonly KeyObject[]
  /** The maximum length of a token. */
  readonly maxSize: number
  readonly compress: boolean
  readonly revocation: Store | undefined
}

/** The maximum length of any token. Longer tokens are rejected without decrypting them. */
export const MAX_TOKEN_LENGTH = 12_288

/**
 * Milliseconds by which the clocks of processes may differ. A token with a later `seenAt` is
 * rejected.
 */
const CLOCK_SKEW = 60_000
const FAMILY_LENGTH = 16
const CHECKSUM_LENGTH = 6
const PROOF_LENGTH = 24

/** Sessions sealed into tokens, for one manager. A token is the key of the state it contains. */
export class CookieSessions implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: false, list: false, indexes: [], carriesData: true }
  /** Ids whose text is the token. */
  readonly ids: Ids
  /** Deletes expired rows of `revocation`. */
  readonly clearExpired?: NonNullable<Store['clearExpired']>
  readonly #sealing: CookieStoreConfig
  readonly #context: StoreContext
  readonly #sealer: Sealer
  readonly #revocations: Revocations | undefined
  /** The token that was opened last, because a token is first parsed and then loaded. */
  #lastOpened: { readonly token: string; readonly envelope: Envelope } | undefined

  constructor(sealing: CookieStoreConfig, context: StoreContext) {
    const { keys, revocation } = sealing
    this.#sealing = sealing
    this.#context = context
    this.#sealer = createSealer(keys, context.scope)
    this.#revocations = revocation && new Revocations(revocation, context)
    this.ids = this.#makeIds()
    if (revocation?.clearExpired !== undefined) this.clearExpired = revocation.clearExpired.bind(revocation)
  }

  async load({ key: token, now }: Load): Promise<Entry | undefined> {
    const envelope = this.#openValid(token, now)
    return envelope === undefined ? undefined : this.#checkRevoked(envelope, now)
  }

  async create({ key: family, entry }: Create): Promise<Written | Refused> {
    return { ok: true, token: this.#sealEnvelope({ family, entry }) }
  }

  async replace({ key: token, entry, expected, now }: Replace): Promise<Written | Refused> {
    const envelope = this.#openValid(token, now)
    const current = envelope === undefined ? undefined : await this.#checkRevoked(envelope, now)
    if (envelope === undefined || current === undefined) return results.missing
    const {
      family,
      entry: { proof },
    } = envelope
    const isRenewedElsewhere = current.proof !== proof && current.proof !== entry.proof
    if (current.version !== expected || isRenewedElsewhere) return results.stale(current)
    const next = this.#sealEnvelope({ family, entry }) // before `renew`, because it throws if the token is too long
    const isRenewed = entry.proof === proof || ((await this.#revocations?.renew(family, proof, entry.proof)) ?? true)
    return isRenewed ? { ok: true, token: next } : this.replace({ key: token, entry, expected, now })
  }

  /**
   * Returns `false`, because the token in the browser cannot be changed without sending a new one.
   */
  async touch(): Promise<boolean> {
    return false
  }

  /**
   * Ends the session of a token or of a family. Without `revocation` there is no row to delete. A
   * text that is not a family of this manager's cookie has no session, and no row is written for
   * it.
   */
  async delete({ key }: Keyed): Promise<boolean> {
    const family = this.#open(key)?.family ?? (this.#isOwnFamily(key) ? key : undefined)
    if (family === undefined) return false
    if (this.#revocations !== undefined) return this.#revocations.end(family)
    if (family === key) throw new ConfigError(NOT_REVOCABLE)
    return false
  }

  #makeIds(): Ids {
    const { randomText } = this.#context
    return {
      parse: (token) => {
        const envelope = this.#open(token)
        return envelope === undefined ? undefined : { id: token, key: token, handle: envelope.family, proof: envelope.entry.proof }
      },
      ...(this.#revocations === undefined ? { decode: ({ key }, now) => this.#openValid(key, now)?.entry } : {}),
      create: () => {
        const family = this.#withChecksum(randomText(FAMILY_LENGTH))
        return { id: family, key: family, handle: family, proof: randomText(PROOF_LENGTH) }
      },
      renew: (before) => ({ ...before, proof: randomText(PROOF_LENGTH) }),
      isCurrent: (identity, { proof }) => constantTimeEqual(proof, identity.proof),
    }
  }

  /**
   * A family ends with a checksum, by which other texts are recognized. It is not keyed with a
   * secret, because a handle has to stay valid when the secret it was created with is removed.
   */
  #withChecksum(random: string): string {
    return random + sha256(`${this.#context.scope}\0${random}`).slice(0, CHECKSUM_LENGTH)
  }

  #isOwnFamily(text: string): boolean {
    return text.length === FAMILY_LENGTH + CHECKSUM_LENGTH && text === this.#withChecksum(text.slice(0, FAMILY_LENGTH))
  }

  /**
   * Returns the envelope of a token that is not expired. The current option `absolute` applies to
   * older tokens too.
   */
  #openValid(token: string, now: number): Envelope | undefined {
    const envelope = this.#open(token)
    if (envelope === undefined) return undefined
    const { createdAt, seenAt, expiresAt } = envelope.entry
    const isValid = seenAt <= now + CLOCK_SKEW && expiresAt > now && createdAt + this.#context.absolute > now
    return isValid ? envelope : undefined
  }

  async #checkRevoked({ family, entry }: Envelope, now: number): Promise<Entry | undefined> {
    return this.#revocations === undefined ? entry : this.#revocations.check(family, entry, now)
  }

  #sealEnvelope(envelope: Envelope): string {
    const { maxSize, compress } = this.#sealing
    const token = this.#sealer.seal(formatEnvelope(envelope), compress)
    if (token.length > maxSize) throw new CookieTooLargeError(token.length, maxSize)
    return token
  }

  #open(token: string): Envelope | undefined {
    if (this.#lastOpened?.token === token) return this.#lastOpened.envelope
    const text = token.length > MAX_TOKEN_LENGTH ? undefined : this.#sealer.unseal(token)
    const envelope = text === undefined ? undefined : parseEnvelope(text)
    if (envelope !== undefined) this.#lastOpened = { token, envelope }
    return envelope
  }
}

const NOT_REVOCABLE =
  'A CookieStore without the option `revocation` can only end the session of the current request. Pass a store that remembers ended sessions: new CookieStore({ secrets, revocation: store }).'
