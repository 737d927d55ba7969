import { ConfigError, CookieTooLargeError } from '../../core/base/errors.ts'
import type { RuleContext } from '../../core/config/profile.ts'
import { type Ids, sha256 } from '../../core/store/id.ts'
import { results } from '../../core/store/results.ts'
import type {
  AttachedStore,
  Capabilities,
  Create,
  Entry,
  Keyed,
  Load,
  Refused,
  Replace,
  Store,
  StoreContext,
  Written,
} from '../../core/store/store.ts'
import type { DjangoSigner } from '../../wire/django-signing.ts'
import { NO_CREATED_AT, openSession, signatureOf, signSession } from '../format/signed-session.ts'
import { unreadableCookie } from '../format/unreadable.ts'
import type { WarnOnce } from '../format/warn-once.ts'

export interface SignedCookieOptions {
  readonly signer: DjangoSigner
  readonly context: RuleContext
  readonly clock: () => number
  /** Called when a cookie cannot be read. */
  readonly warn: WarnOnce
  /** The longest value that browsers store in this cookie. */
  readonly maxLength: number
}

const HANDLE_LENGTH = 16
/** Longer tokens are rejected unread: servers accept no header of this length. */
const MAX_TOKEN_LENGTH = 1 << 16
/** The proof of every session, because its signature proves it. */
const PROOF = 'signed'
/** Payload, time and signature. */
const SIGNED = /^[\w.-]+:[\w-]+:[\w-]{43}$/

/**
 * Sessions of Django's engine `signed_cookies`: the cookie contains the session, signed but not
 * encrypted. Every write creates a new value. An old value stays valid until it is
 * `SESSION_COOKIE_AGE` old, in Django and here.
 */
export class SignedCookieStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: false, list: false, indexes: [], carriesData: true }
  readonly #options: SignedCookieOptions

  constructor(options: SignedCookieOptions) {
    this.#options = options
  }

  attach(context: StoreContext): AttachedStore {
    return { store: this, ids: this.#ids(context) }
  }

  async load({ key: token, now }: Load): Promise<Entry | undefined> {
    const entry = this.#entryIn(token)
    return entry === undefined || entry.expiresAt <= now ? undefined : entry
  }

  async create({ entry }: Create): Promise<Written | Refused> {
    return this.#sign(entry)
  }

  async replace({ key: token, entry, expected, now }: Replace): Promise<Written | Refused> {
    const current = await this.load({ key: token, now })
    if (current === undefined) return results.missing
    return current.version === expected ? this.#sign(entry) : results.stale(current)
  }

  /** Returns `false`, because the value in the browser cannot be changed. */
  async touch(): Promise<boolean> {
    return false
  }

  /** Nothing is stored on the server. The response of the current request deletes the cookie. */
  async delete({ key }: Keyed): Promise<boolean> {
    if (this.#entryIn(key) !== undefined) return false
    throw new ConfigError(
      'sessions.revoke: with `signedCookies: true` a session is stored only in its cookie. Call flush() in a request of that browser.',
    )
  }

  #ids({ randomText }: StoreContext): Ids {
    const identity = (token: string): ReturnType<Ids['create']> => ({ id: token, key: token, handle: sha256(token), proof: PROOF })
    return {
      parse: (token) => (this.#entryIn(token) === undefined ? undefined : identity(token)),
      create: () => identity(randomText(HANDLE_LENGTH)),
      renew: (before) => before,
      isCurrent: () => true,
    }
  }

  #sign({ payload, createdAt, idAt }: Entry): Written {
    const { signer, maxLength, context, clock } = this.#options
    const needsCreatedAt = Number.isFinite(context.lifetime.absolute) && createdAt !== NO_CREATED_AT
    const metadata = needsCreatedAt ? { commits: '', idAt, createdAt } : undefined
    const token = signSession(signer, clock(), payload, metadata)
    if (token.length > maxLength) throw new CookieTooLargeError(token.length, maxLength)
    return { ok: true, token, version: signatureOf(token) }
  }

  /**
   * Applies `_session_expiry`, which Django ignores here, but never exceeds the age that Django
   * accepts.
   */
  #entryIn(token: string): Entry | undefined {
    const { signer, context, warn } = this.#options
    if (token.length > MAX_TOKEN_LENGTH || !SIGNED.test(token)) return undefined
    const session = openSession(signer, token)
    if (session === undefined) warn(unreadableCookie(signer, token))
    if (session === undefined) return undefined
    const { texts, ...fields } = session
    const stored = context.profile.expiryOf(texts, fields.createdAt, fields.seenAt, context)
    const latest = fields.seenAt + context.lifetime.idle
    // Django accepts a value of exactly this age, so it expires one millisecond later.
    return { ...fields, proof: PROOF, version: signatureOf(token), expiresAt: stored >= latest ? latest + 1 : stored }
  }
}
