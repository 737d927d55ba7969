import type { Listener, SessionEvent } from '../base/events.ts'
import { ignore } from '../base/ignore.ts'
import { type CookieJar, writeToJar } from '../cookie/cookie-jar.ts'
import { type Carrier, type CookieToSet, type Issue, NOTHING_PRESENTED, type Presented } from '../cookie/transport.ts'
import type { Identity } from '../store/id.ts'

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

/** Cookies, and the event that reports them. */
interface Pending {
  readonly cookies: readonly CookieToSet[]
  readonly event: SessionEvent | undefined
}

const NONE: readonly CookieToSet[] = []

/**
 * The cookies that the response to one request has to set: the token of a committed session, or the
 * deletion of the presented one.
 */
export class PendingDelivery {
  readonly #client: Client
  readonly #emit: Listener
  #cookies: readonly CookieToSet[] = NONE
  /** Reports the pending cookies. `undefined` if that has happened. */
  #event: SessionEvent | undefined
  #written: Promise<unknown> | undefined
  #beforeIssue: Pending = { cookies: NONE, event: undefined }

  constructor(client: Client, emit: Listener) {
    this.#client = client
    this.#emit = emit
  }

  /** Whether there is a response that can carry a token. */
  get canIssue(): boolean {
    return this.#client.carrier !== undefined
  }

  /** Issues the token of a committed session. Replaces the pending cookies. */
  issue({ id, handle }: Identity, issue: Issue, reason: 'new-id' | 'new-data'): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    if (carrier === undefined) return
    this.#beforeIssue = { cookies: this.#cookies, event: this.#event }
    this.#replace(carrier.issue(id, issue, presented), { type: 'cookie-set', reason, handle })
  }

  /**
   * Takes the last token back, before it was taken. The presented one stays as it was before: it may
   * be valid, or another response may replace it.
   */
  undoIssue(): void {
    this.#cookies = this.#beforeIssue.cookies
    this.#event = this.#beforeIssue.event
  }

  /** Deletes the presented token. Replaces the pending cookies. */
  clear(reason: 'flush' | 'ended'): void {
    const { carrier, presented = NOTHING_PRESENTED } = this.#client
    this.#replace(carrier?.clear(presented) ?? NONE, { type: 'cookie-deleted', reason })
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
   * Returns the cookies to set, or writes them to the jar of the request. The first call after a
   * change emits an event.
   */
  take(): readonly CookieToSet[] {
    const event = this.#event
    this.#event = undefined
    if (event !== undefined) this.#emit(event)
    const { jar } = this.#client
    if (jar === undefined) return this.#cookies
    const cookies = this.#cookies
    this.#cookies = NONE
    const written = writeToJar(jar, cookies)
    if (written === undefined) return NONE
    written.catch(ignore) // it rejects the commit, which waits for it
    this.#written = written
    return NONE
  }

  #replace(cookies: readonly CookieToSet[], event: SessionEvent): void {
    this.#cookies = cookies
    this.#event = cookies.length === 0 ? undefined : event
  }
}
