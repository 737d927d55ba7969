import { djangoCodec } from '../../codecs/django.ts'
import { ConfigError, CookieTooLargeError } from '../../core/base/errors.ts'
import type { RuleContext } from '../../core/config/rules.ts'
import { type Ids, sha256 } from '../../core/store/id.ts'
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
  Version,
  Written,
} from '../../core/store/store.ts'
import { answer } from '../../stores/shared/results.ts'
import { type DjangoSigner, SIGNATURE_LENGTH } from '../../wire/django-signing.ts'
import { NEVER_BORN, takeNote, withNote } from './session-metadata.ts'

/** How sessions are put into signed cookies. */
export interface SignedCookies {
  readonly signer: DjangoSigner
  readonly reading: RuleContext
  /** The longest value that browsers keep in this cookie. */
  readonly most: number
}

const HANDLE_LENGTH = 16
/** No server takes a longer header; whatever is need not be looked at. */
const MOST_READ = 1 << 16

/**
 * Sessions of Django's engine `signed_cookies`: the cookie is the session, signed, and readable by whoever has it. Every write makes another
 * value. Whoever kept an old one may bring it back until it is `SESSION_COOKIE_AGE` old, on Django's side as on ours.
 */
export class SignedCookieStore implements Store {
  readonly capabilities: Capabilities = { compareAndSwap: false, list: false, indexes: [], carriesData: true }
  readonly #cookies: SignedCookies
  readonly #clock: () => number

  constructor(cookies: SignedCookies, clock: () => number) {
    this.#cookies = cookies
    this.#clock = clock
  }

  attach(service: StoreContext): AttachedStore {
    return { store: this, ids: this.#ids(service) }
  }

  async load({ key: token, now }: Load): Promise<Entry | undefined> {
    const entry = this.#entryIn(token)
    return entry === undefined || entry.expiresAt <= now ? undefined : entry
  }

  async create({ entry }: Create): Promise<Written | Refused> {
    return this.#signed(entry)
  }

  async replace({ key: token, entry, expected, now }: Replace): Promise<Written | Refused> {
    const current = await this.load({ key: token, now })
    if (current === undefined) return answer.missing
    return current.version === expected ? this.#signed(entry) : answer.stale(current)
  }

  /** The value that is out there cannot be changed. */
  async touch(): Promise<boolean> {
    return false
  }

  /** There is nothing here to delete. */
  async delete({ key }: Keyed): Promise<boolean> {
    if (this.#entryIn(key) !== undefined) return false
    throw new ConfigError(
      "A session in a signed cookie ends with its cookie: only a request of its own browser can flush it, as Django's engine has it.",
    )
  }

  #ids({ randomText }: StoreContext): Ids {
    const identity = (token: string): ReturnType<Ids['create']> => ({ id: token, key: token, handle: sha256(token), proof: '' })
    return {
      parse: (token) => (this.#entryIn(token) === undefined ? undefined : identity(token)),
      create: () => identity(randomText(HANDLE_LENGTH)),
      renew: (before) => before,
      isCurrent: () => true,
    }
  }

  #signed({ payload, createdAt, idAt }: Entry): Written {
    const { signer, most, reading } = this.#cookies
    const isBorn = Number.isFinite(reading.lifetime.absolute) && createdAt !== NEVER_BORN
    const json = isBorn ? withNote(djangoCodec, payload, { commits: '', idAt, createdAt }) : payload
    const token = signer.sign(json, Math.floor(this.#clock() / 1000))
    if (token.length > most) throw new CookieTooLargeError(token.length, most)
    return { ok: true, token, version: versionOf(token) }
  }

  /** A session that says when it expires does so, which Django forgets; and none is believed longer than Django believes it. */
  #entryIn(token: string): Entry | undefined {
    const { signer, reading } = this.#cookies
    const signed = token.length > MOST_READ ? undefined : signer.unsign(token)
    const taken = signed === undefined ? undefined : takeNote(djangoCodec, signed.text)
    const texts = taken === undefined ? undefined : djangoCodec.decode(taken.payload)
    if (signed === undefined || taken === undefined || texts === undefined) return undefined
    const seenAt = signed.timestamp * 1000
    const createdAt = taken.note.createdAt ?? NEVER_BORN
    const own = reading.rules.expiryOf(texts, createdAt, seenAt, reading)
    const longest = seenAt + reading.lifetime.idle
    // To Django a value that is exactly so old is still good.
    const expiresAt = own >= longest ? longest + 1 : own
    return { ...taken.note, payload: taken.payload, proof: '', version: versionOf(token), createdAt, seenAt, expiresAt }
  }
}

function versionOf(token: string): Version {
  return token.slice(-SIGNATURE_LENGTH)
}
