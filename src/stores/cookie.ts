import { ConfigError } from '../core/base/errors.ts'
import type { AttachedStore, Store, StoreContext } from '../core/store/store.ts'
import { deriveSealingKeys } from '../wire/seal.ts'
import { type CookieSealing, CookieSessions, MOST_CHARACTERS } from './cookie/cookie-sessions.ts'
import { invalidOption, refuseUnknownOptions, refuseUnlessBoolean } from './shared/check-options.ts'

/** How a `CookieStore` seals sessions. */
export interface CookieStoreOptions {
  /**
   * One secret, or several: the first seals, all of them open, so that a new one is put in front of the old. At least 32 characters of
   * chance each: `openssl rand -base64 32`.
   */
  readonly secrets: string | readonly string[]
  /**
   * A store that remembers which sessions ended, and which ids were renewed: makes a logout final. It is asked with every request that
   * brings a session, and a request whose question it does not answer fails (503). Stays open when the manager is closed.
   */
  readonly revocation?: Store
  /** The most bytes of the sealed session, in all its cookies together. Default 6144, at most 12,288. */
  readonly maxSize?: number
  /**
   * Whether sessions are compressed. Default `false`: the length of the cookie then tells something of what is in it to whoever can both
   * watch it and choose a part of the data.
   */
  readonly compress?: boolean
}

/**
 * Keeps sessions nowhere but in the browser's cookie, encrypted and authenticated (AES-256-GCM). There is no database, and no promise that
 * needs one: of two requests at once the last `Set-Cookie` wins with everything it has, `claim` and the sessions of a user are refused, and
 * without `revocation` a logout only deletes the cookie of the browser that asked for it: a copy stays good until it expires. A session
 * lives `idle` from its last *change*: a request that only reads sends no cookie.
 *
 * A session that does not fit is a `CookieTooLargeError`, before anything was sent.
 *
 * ```ts
 * app.use(session({ store: new CookieStore({ secrets: process.env.SESSION_SECRET ?? '' }) }))
 * ```
 *
 * @throws ConfigError when an option cannot be used.
 */
export class CookieStore extends CookieSessions {
  readonly #sealing: CookieSealing

  constructor(options: CookieStoreOptions) {
    const sealing = sealingOf(options)
    super(sealing, UNBOUND)
    this.#sealing = sealing
  }

  /** For managers: what is sealed for one does not open for another. */
  attach(service: StoreContext): AttachedStore {
    const store = new CookieSessions(this.#sealing, service)
    return { store, ids: store.ids }
  }
}

/** Bound to no manager: for the tests of the store port, and whoever reads tokens by hand. */
const UNBOUND: StoreContext = {
  randomText: (length) => crypto.randomUUID().replaceAll('-', '').slice(0, length),
  now: Date.now,
  scope: '',
  guard: (store) => store,
  absolute: 8_000_000_000_000_000, // as good as for ever, and what it ends at still an instant
}

const PURPOSE = 'sojourn: a session in a cookie'
const LEAST_SECRET = 32
const LEAST_CHARACTERS = 10
const LEAST_SIZE = 1024
const DEFAULT_SIZE = 6144
const MAKE_ONE = 'Make one with: openssl rand -base64 32'

function sealingOf(options: CookieStoreOptions): CookieSealing {
  if (typeof options !== 'object' || options === null) throw new ConfigError(`CookieStore: the option \`secrets\` is missing. ${MAKE_ONE}`)
  refuseUnknownOptions('CookieStore', options, ['secrets', 'revocation', 'maxSize', 'compress'])
  const { secrets, revocation, maxSize = DEFAULT_SIZE, compress = false } = options
  refuseUnlessBoolean('CookieStore', 'compress', compress)
  if (!Number.isSafeInteger(maxSize) || maxSize < LEAST_SIZE || maxSize > MOST_CHARACTERS) {
    const remedy = `Give a whole number of bytes from ${LEAST_SIZE} to ${MOST_CHARACTERS}: servers and proxies refuse requests with more.`
    throw invalidOption('CookieStore', 'maxSize', maxSize, remedy)
  }
  checkRevocation(revocation)
  return { keys: deriveSealingKeys(checkedSecrets(secrets), PURPOSE), revocation, maxSize, compress }
}

/** Whatever is wrong, no message shows any of it. */
function checkedSecrets(given: unknown): readonly string[] {
  const refuse = (why: string): never => {
    throw new ConfigError(`CookieStore: the option \`secrets\` ${why}. ${MAKE_ONE}`)
  }
  const secrets: readonly unknown[] = Array.isArray(given) ? given : [given]
  if (given === undefined || secrets.length === 0) refuse('is missing')
  if (!secrets.every((secret) => typeof secret === 'string')) refuse('has to be a text, or a list of texts')
  const texts = secrets as readonly string[]
  if (texts.some((secret) => secret.length < LEAST_SECRET)) refuse(`has a secret of less than ${LEAST_SECRET} characters`)
  if (texts.some((secret) => new Set(secret).size < LEAST_CHARACTERS)) refuse('has a secret that is not drawn at random')
  if (new Set(texts).size < texts.length) refuse('names one secret twice: put a new one in front')
  return texts
}

function checkRevocation(store: Store | undefined): void {
  if (store === undefined || store.capabilities?.compareAndSwap) return
  const remedy = 'It has to be a store that keeps rows, with compare-and-swap, e.g. new SqliteStore(…).'
  throw invalidOption('CookieStore', 'revocation', store, remedy)
}
