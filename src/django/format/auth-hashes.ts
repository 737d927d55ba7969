import { ConfigError } from '../../core/base/errors.ts'
import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { saltedHmac } from '../../wire/django-signing.ts'

/** The columns of a row of Django's `auth_user` that a login needs, by their names. */
export interface DjangoUser {
  /** The primary key. */
  readonly id: string | number | bigint
  /** The column as it is: Django's hash of the password. */
  readonly password: string
  /**
   * A user who is not active is not logged in. Omit it where `loadUser` returns only active users.
   */
  readonly is_active?: boolean | number
}

/**
 * Django's `get_session_auth_hash()`. Returns an empty text where the user model has no such
 * method.
 */
export type SessionAuthHash = (user: DjangoUser & Readonly<Record<string, unknown>>, secretKey: string) => string

const SALT = 'django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash'

/** Makes and compares the hashes by which a session ends when its user changes the password. */
export class AuthHashes {
  readonly #secretKeys: readonly string[]
  readonly #sessionAuthHash: SessionAuthHash | undefined
  #hasMatched = false

  /** The first key makes hashes; every key is accepted. */
  constructor(secretKeys: readonly string[], sessionAuthHash?: SessionAuthHash) {
    this.#secretKeys = secretKeys
    this.#sessionAuthHash = sessionAuthHash
  }

  /**
   * Whether a login has matched its user, so that the hashes are made as on the site. Until then a
   * hash that does not match can be one of an overridden `get_session_auth_hash()`.
   */
  get hasMatched(): boolean {
    return this.#hasMatched
  }

  /**
   * The hash of a user by the current key. Throws `ConfigError`, which names `caller`, if it cannot
   * be made.
   */
  create(user: DjangoUser, caller: string): string {
    return this.#hash(user, this.#secretKeys[0] as string, caller)
  }

  /** By which key the hash of a login matches its user. Throws as `create`. */
  compare(user: DjangoUser, hash: string, caller: string): 'current' | 'fallback' | 'none' {
    const keyIndex = this.#secretKeys.findIndex((secretKey) => {
      const expected = this.#hash(user, secretKey, caller)
      return expected === '' || constantTimeEqual(expected, hash)
    })
    if (keyIndex === -1) return 'none'
    this.#hasMatched = true
    return keyIndex === 0 ? 'current' : 'fallback'
  }

  #hash(user: DjangoUser, secretKey: string, caller: string): string {
    if (this.#sessionAuthHash === undefined) {
      if (typeof user.password === 'string') return saltedHmac(SALT, secretKey, user.password, 'sha256')
      throw new ConfigError(
        `${caller}: the user has no \`password\`, from which Django makes the hash of a login. Select the column \`password\` too.`,
      )
    }
    const hash: unknown = this.#sessionAuthHash(user as DjangoUser & Readonly<Record<string, unknown>>, secretKey)
    if (typeof hash === 'string') return hash
    throw new ConfigError(`djangoSessions: the option \`sessionAuthHash\` has to return a text, and it returned ${typeof hash}.`)
  }
}
