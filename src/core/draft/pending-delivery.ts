import type { SessionEvent } from '../base/events.ts'
import { ignore } from '../base/ignore.ts'
import type { CommitOutcome, Texts } from '../config/profile.ts'
import { type CookieJar, writeToJar } from '../cookie/cookie-jar.ts'
import { type Carrier, carriesToken, type Delivery, type Issue, NOTHING_PRESENTED, type Presented } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { DraftContext } from './draft-context.ts'

/**
 * The effects of reading the session: whether it is extended, and whether messages that were read
 * are removed.
 */
export interface Activity {
  readonly extends: boolean
  readonly consumes: boolean
}

export const ACTIVE: Activity = { extends: true, consumes: true }
/** The request does not count as activity of the visitor. */
export const PASSIVE: Activity = { extends: false, consumes: true }
/** The request is speculative, so that its response may never be shown. */
export const SPECULATIVE: Activity = { extends: false, consumes: false }

/** The carrier of a request, and what the request presented. */
export interface Client {
  /** `undefined` outside of requests, and if no token can be issued. */
  readonly carrier?: Carrier | undefined
  readonly presented?: Presented
  /** The jar that the cookies are written to, in place of headers. */
  readonly jar?: CookieJar | undefined
  /** The effects of reading the session. Default `ACTIVE`. */
  readonly activity?: Activity
}

/** What a response has to carry, without `Vary`. */
export type TokenDelivery = Pick<Delivery, 'cookies' | 'headers'>

export const NO_TOKEN: TokenDelivery = { cookies: [], headers: [] }

/** A token, and the event that reports it. */
interface Pending {
  readonly token: TokenDelivery
  readonly event: SessionEvent | undefined
}

/**
 * What the response to one request has to carry: the token of a committed session, or the deletion
 * of the presented one.
 */
export class PendingDelivery {
  readonly #client: Client
  readonly #context: DraftContext
  readonly #session: { readonly changes: { readonly latestTexts: Texts } }
  /** The response header that carries tokens in place of cookies. */
  readonly #header: string | undefined
  #token: TokenDelivery = NO_TOKEN
  /** Reports the pending token. `undefined` if that has happened. */
  #event: SessionEvent | undefined
  #written: Promise<unknown> | undefined
  #beforeIssue: Pending = { token: NO_TOKEN, event: undefined }

  constructor(client: Client, context: DraftContext, session: { readonly changes: { readonly latestTexts: Texts } }) {
    this.#client = client
    this.#context = context
    this.#session = session
    this.#header = context.transport.header
  }

  /** Whether there is a response that can carry a token. */
  get canIssue(): boolean {
    return this.#client.carrier !== undefined
  }

  /** Issues a token to the client after a commit, or deletes it, if the profile requires it. */
  onOutcome(change: CommitOutcome['change'], identity?: Identity, entry?: Entry): void {
    const { profile, capabilities, now } = this.#context
    const isCurrent = entry !== undefined && change !== 'unchanged'
    const texts = (): Texts => this.#session.changes.latestTexts
    const issue = profile.issues({ change, isCurrent, entry, now: now(), texts }, this.#context)
    if (issue === 'clear') this.clear('ended')
    else if (issue !== undefined && identity !== undefined) this.#issue(identity, issue, capabilities.carriesData ? 'new-data' : 'new-id')
  }

  /** Issues the token of a committed session. Replaces the pending one. */
  #issue({ id, handle }: Identity, issue: Issue, reason: 'new-id' | 'new-data'): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    if (carrier === undefined) return
    this.#beforeIssue = { token: this.#token, event: this.#event }
    const token = { cookies: carrier.issue(id, issue, presented), headers: this.#headersWith(id) }
    this.#replace(token, { type: 'cookie-set', reason, handle })
  }

  /**
   * Withdraws the last token, before `take` has returned it. The presented one stays as it was
   * before: it may be valid, or another response may replace it.
   */
  undoIssue(): void {
    this.#token = this.#beforeIssue.token
    this.#event = this.#beforeIssue.event
  }

  /** Deletes the presented token. Replaces the pending one. */
  clear(reason: 'flush' | 'ended'): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    const headers = presented.names.length > 0 ? this.#headersWith('') : []
    this.#replace({ cookies: carrier?.clear(presented) ?? [], headers }, { type: 'cookie-deleted', reason })
  }

  /** Whether `take` writes the cookies to a jar. */
  get hasJar(): boolean {
    return this.#client.jar !== undefined
  }

  /** Settles when the jar has written the cookies; `undefined` if it does so at once. */
  get written(): Promise<unknown> | undefined {
    return this.#written
  }

  /**
   * Returns what the response has to carry, or writes the cookies to the jar of the request. The
   * first call after a change emits an event.
   */
  take(): TokenDelivery {
    const event = this.#event
    this.#event = undefined
    if (event !== undefined) this.#context.emit(event)
    const { jar } = this.#client
    if (jar === undefined) return this.#token
    const { cookies } = this.#token
    this.#token = NO_TOKEN
    const written = writeToJar(jar, cookies)
    if (written === undefined) return NO_TOKEN
    written.catch(ignore) // it rejects the commit, which waits for it
    this.#written = written
    return NO_TOKEN
  }

  #headersWith(token: string): TokenDelivery['headers'] {
    return this.#header === undefined ? NO_TOKEN.headers : [[this.#header, token]]
  }

  #replace(token: TokenDelivery, event: SessionEvent): void {
    this.#token = token
    this.#event = carriesToken(token) ? event : undefined
  }
}
