import type { RandomText } from '../core/base/random.ts'
import { cookieHeader, type IncomingRequest } from '../core/cookie/incoming-request.ts'
import type { Carrier, Presented, Transport } from '../core/cookie/transport.ts'
import { FAMILY_LENGTH, hashedIds, type Identity, type Ids, SECRET_LENGTH, sha256 } from '../core/store/id.ts'
import { cookieValues } from '../wire/cookie-header.ts'

/** Begins the token of an old cookie. No id begins with it. */
const PREFIX = 'old '
/** Longer cookies are not accepted by browsers. */
const MAX_LENGTH = 4096
const MAX_VALUES = 2

/** The identity of a session with an old cookie: its value and its signature. */
export type MovedIdentity = Identity & { readonly old: readonly [value: string, signature: string | undefined] }

export function isMoved(identity: Identity): identity is MovedIdentity {
  return 'old' in identity
}

/**
 * The ids of sessions, and those that are derived from old cookies by SHA-256. A derived id is as
 * hard to guess as the cookie, and the same for all requests that present it.
 */
export function movedIds(randomText: RandomText, scope: string): Ids {
  const ids = hashedIds(randomText, scope)
  return {
    ...ids,
    parse(text) {
      if (!text.startsWith(PREFIX)) return ids.parse(text)
      const [value = '', signature] = text.slice(PREFIX.length).split(' ')
      const [family, secret] = ['family', 'secret'].map((part) => sha256(`moved ${part} ${value}`)) as [string, string]
      const identity = ids.parse(`${family.slice(0, FAMILY_LENGTH)}.${secret.slice(0, SECRET_LENGTH)}`)
      return identity && ({ ...identity, old: [value, signature] } satisfies MovedIdentity)
    },
  }
}

/** Also reads the cookie of another library, and deletes it when a token is issued or cleared. */
export function withOldCookie(transport: Transport, name: string): Transport {
  return {
    vary: transport.vary,
    carrierFor(request) {
      const carrier = transport.carrierFor(request)
      return 'reason' in carrier ? carrier : new MovedCarrier(carrier, name)
    },
  }
}

class MovedCarrier implements Carrier {
  readonly #inner: Carrier
  readonly #name: string

  constructor(inner: Carrier, name: string) {
    this.#inner = inner
    this.#name = name
  }

  read(request: IncomingRequest): Presented {
    const presented = this.#inner.read(request)
    const values = valuesOf(request, this.#name)
    if (values.length === 0) return presented
    const [signature] = valuesOf(request, `${this.#name}.sig`)
    const names = [...presented.names, this.#name, ...(signature === undefined ? [] : [`${this.#name}.sig`])]
    const tokens = values.map((value) => PREFIX + value + (signature === undefined ? '' : ` ${signature}`))
    return { tokens: presented.tokens.length > 0 ? presented.tokens : tokens, names }
  }

  /**
   * Issues a session that was taken over with every response, until the browser sends its cookie.
   */
  issue(...[token, issue, presented]: Parameters<Carrier['issue']>): ReturnType<Carrier['issue']> {
    return presented.tokens.includes(token) ? [] : this.#inner.issue(token, issue, presented)
  }

  clear(presented: Presented): ReturnType<Carrier['clear']> {
    return this.#inner.clear(presented)
  }
}

/** The decoded values of a cookie that can be those of a session. */
function valuesOf(request: IncomingRequest, name: string): string[] {
  return cookieValues(cookieHeader(request, name), name)
    .slice(0, MAX_VALUES)
    .map(decode)
    .filter((value) => value !== '' && value.length <= MAX_LENGTH && !value.includes(' '))
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
