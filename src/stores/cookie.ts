import { aBoolean, checkOptions, type OptionTable, wholeNumber } from '../core/base/option-checks.ts'
import type { AttachedStore, Store, StoreContext } from '../core/store/store.ts'
import { deriveSealingKeys } from '../wire/seal.ts'
import { CookieSessions, type CookieStoreConfig, MAX_TOKEN_LENGTH } from './cookie/cookie-sessions.ts'
import { checkedSecrets } from './shared/secrets.ts'

/** Options of `CookieStore`. */
export interface CookieStoreOptions {
  /**
   * One secret or several, each of at least 32 random characters: `openssl rand -base64 32`. The
   * first one seals and all of them open, so a new secret goes first.
   */
  readonly secrets: string | readonly string[]
  /**
   * A store that remembers which sessions have ended and which ids were renewed, so that a logout
   * is final. It is read by every request with a session. If it fails, the request fails (503). It
   * stays open when the manager is closed. A `MemoryStore` is refused, because it drops rows when
   * it is full.
   */
  readonly revocation?: Store
  /**
   * The maximum size of the sealed session in bytes, in all its cookies together. Default 6144, at
   * most 12,288.
   */
  readonly maxSize?: number
  /**
   * Whether sessions are compressed. Default `false`, because the length of a compressed cookie
   * reveals some of its content to an attacker who can observe it and choose part of the data.
   */
  readonly compress?: boolean
}

/**
 * Keeps sessions in the browser's cookie only, encrypted and authenticated (AES-256-GCM). It needs
 * no database, and cannot keep the guarantees that need one: of two overlapping requests, the last
 * `Set-Cookie` replaces the whole session, and `claim` and `sessions.users` throw. Without
 * `revocation` a logout only deletes the cookie of that browser, and a copy of it stays valid until
 * it expires. `idle` counts from the last *change*, because a request that only reads sends no
 * cookie.
 *
 * A session that does not fit is a `CookieTooLargeError`, before anything is sent.
 *
 * ```ts
 * app.use(session({ store: new CookieStore({ secrets: process.env.SESSION_SECRET ?? '' }) }))
 * ```
 *
 * @throws ConfigError when an option is invalid.
 */
export class CookieStore extends CookieSessions {
  readonly #sealing: CookieStoreConfig

  constructor(options: CookieStoreOptions) {
    const sealing = sealingOf(options)
    super(sealing, NO_MANAGER)
    this.#sealing = sealing
  }

  /**
   * Returns the store for one manager. Sessions that are sealed for one manager do not open for
   * another.
   */
  attach(context: StoreContext): AttachedStore {
    const store = new CookieSessions(this.#sealing, context)
    return { store, ids: store.ids }
  }
}

/** For use without a manager, as in `storeSuite`. */
const NO_MANAGER: StoreContext = {
  randomText: (length) => crypto.randomUUID().replaceAll('-', '').slice(0, length),
  now: Date.now,
  scope: '',
  guard: (store) => store,
  absolute: 8_000_000_000_000_000, // no limit, and any time plus this is still a valid `Date`
}

const PURPOSE = 'sojourn: a session in a cookie'
const MIN_SIZE = 1024
const DEFAULT_SIZE = 6144

const OPTIONS: OptionTable = {
  owner: 'CookieStore',
  checks: {
    secrets: () => undefined, // checked below, because no message may show any part of a secret
    revocation: aRevocationStore,
    maxSize: wholeNumber('bytes', MIN_SIZE, MAX_TOKEN_LENGTH), // servers and proxies reject larger requests
    compress: aBoolean,
  },
}

function aRevocationStore(store: unknown): string | undefined {
  const { capabilities } = (store ?? {}) as Partial<Store>
  if (capabilities?.compareAndSwap !== true) return 'pass a store with rows and compare-and-swap, such as `new SqliteStore(…)`'
  return capabilities.evicts === true
    ? 'this store drops rows when it is full, and a session that had ended would be valid again; pass one that keeps them until they expire, such as `new SqliteStore(…)`'
    : undefined
}

function sealingOf(options: CookieStoreOptions): CookieStoreConfig {
  const { secrets, revocation, maxSize = DEFAULT_SIZE, compress = false } = checkOptions(options, OPTIONS)
  return { keys: deriveSealingKeys(checkedSecrets('CookieStore', secrets), PURPOSE), revocation, maxSize, compress }
}
