import type { Engine } from '../config/engine.ts'
import type { Cookie } from '../cookie/cookie-rules.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'

/** What a request brought along, as far as its cookie goes. */
export interface Origin {
  /** How the browser is given an id; `undefined` outside of requests, and where no cookie can be set. */
  readonly cookie?: Cookie | undefined
  /** The names under which the browser sent our cookie, or pieces of it, whatever was in them. */
  readonly sent?: readonly string[]
  /** Why nothing can be changed; `undefined` when it can. */
  readonly refusal?: Refusal | undefined
}

/** Why a change could not reach the browser, and what to do about it. */
export interface Refusal {
  readonly reason: 'insecure' | 'outside'
  readonly remedy: string
}

const NOTHING: readonly string[] = []

/** What the browser is owed: an id that was born, or a token that was made, while its request was at work, or the end of its cookie. */
export class PendingCookies {
  readonly #engine: Engine
  readonly #origin: Origin
  #added: { readonly identity: Identity; readonly setCookies: readonly string[] } | undefined
  #ended = false
  #reported: readonly string[] | undefined

  constructor(engine: Engine, origin: Origin) {
    this.#engine = engine
    this.#origin = origin
  }

  get refusal(): Refusal | undefined {
    return this.#origin.refusal
  }

  /** An id is in the store that the browser has to have, or a token was made. Its cookie lives as long as customs say, or as long as the browser. */
  add(identity: Identity, entry: Entry, texts: ReadonlyMap<string, string>): void {
    const { cookie, sent = NOTHING } = this.#origin
    if (cookie === undefined) return
    const { rules, lifetime, now } = this.#engine
    const left = rules.endsWithBrowser(texts, this.#engine) ? undefined : rules.cookieLifetime(entry, now(), lifetime)
    this.#added = { identity, setCookies: cookie.set(identity.id, left, sent) }
  }

  /** The session was flushed: nothing that was born before is of use, and the cookie the browser sent has to go. */
  end(): void {
    this.#added = undefined
    this.#reported = undefined
    this.#ended = (this.#origin.sent ?? NOTHING).length > 0
  }

  /**
   * Every `Set-Cookie` of the response: several only for what one cookie cannot hold. Told as an event, once, however often it is asked for.
   */
  get setCookies(): readonly string[] {
    if (this.#added !== undefined) return this.#report(this.#added.setCookies, this.#added.identity.handle)
    const { cookie, sent = NOTHING } = this.#origin
    if (!this.#ended || cookie === undefined) return NOTHING
    return this.#reported ?? this.#report(cookie.delete(sent))
  }

  #report(setCookies: readonly string[], handle?: string): readonly string[] {
    if (this.#reported === setCookies) return setCookies
    this.#reported = setCookies
    const reason = this.#engine.capabilities.carriesData ? 'new-data' : 'new-id'
    this.#engine.emit(handle === undefined ? { type: 'cookie-deleted', reason: 'flush' } : { type: 'cookie-set', reason, handle })
    return setCookies
  }
}
