import type { Cookie } from './cookie-rules.ts'
import type { Engine } from './engine.ts'
import type { Identity } from './id.ts'
import type { Entry } from './store.ts'

/** What a request brought along, as far as its cookie goes. */
export interface Origin {
  /** How the browser is given an id; `undefined` outside of requests, and where no cookie can be set. */
  readonly cookie?: Cookie | undefined
  /** Whether the browser sent a cookie of ours, whatever was in it. */
  readonly hasCookie?: boolean
  /** Why no cookie can be set, and what to do about it; `undefined` when one can. */
  readonly refusal?: string | undefined
}

/** What the browser is owed: an id that was born while its request was at work, or the end of its cookie. */
export class CookieDebt {
  readonly #engine: Engine
  readonly #origin: Origin
  #born: { readonly identity: Identity; readonly setCookie: string } | undefined
  #ended = false
  #told: string | undefined

  constructor(engine: Engine, origin: Origin) {
    this.#engine = engine
    this.#origin = origin
  }

  get refusal(): string | undefined {
    return this.#origin.refusal
  }

  /** An id is in the store that the browser has to have. Its cookie lives as long as customs say, or as long as the browser. */
  owe(identity: Identity, entry: Entry, texts: ReadonlyMap<string, string>): void {
    const { cookie } = this.#origin
    if (cookie === undefined) return
    const { customs, lifetime, now } = this.#engine
    const left = customs.endsWithBrowser(texts, this.#engine) ? undefined : customs.cookieLife(entry, now(), lifetime)
    this.#born = { identity, setCookie: cookie.set(identity.id, left) }
  }

  /** The session was flushed: nothing that was born before is of use, and the cookie the browser sent has to go. */
  end(): void {
    this.#born = undefined
    this.#ended = this.#origin.hasCookie ?? false
  }

  /** The `Set-Cookie` of the response, if there is one. Told as an event, once, however often it is asked for. */
  get setCookie(): string | undefined {
    const { cookie } = this.#origin
    if (this.#born !== undefined) return this.#tell(this.#born.setCookie, this.#born.identity.key)
    return this.#ended && cookie !== undefined ? this.#tell(cookie.delete()) : undefined
  }

  #tell(setCookie: string, handle?: string): string {
    if (this.#told === setCookie) return setCookie
    this.#told = setCookie
    this.#engine.emit(handle === undefined ? { type: 'cookie', reason: 'flush' } : { type: 'cookie', reason: 'new-id', handle })
    return setCookie
  }
}
