import { type Access, type AccessNow, FULL_ACCESS, NO_RESPONSE, OUTSIDE, UNTIL_END } from '../base/access.ts'
import { ConfigError } from '../base/errors.ts'
import type { SessionEvents } from '../base/events.ts'
import type { LoadedState } from '../changes/state.ts'
import type { Committer } from '../commit/committer.ts'
import { SessionCommits } from '../commit/session-commits.ts'
import type { Engine } from '../config/engine.ts'
import { JarRequest } from '../cookie/cookie-jar.ts'
import type { IncomingRequest } from '../cookie/incoming-request.ts'
import { type RequestInput, toIncomingRequest } from '../cookie/to-incoming-request.ts'
import type { Delivery, Presented } from '../cookie/transport.ts'
import type { ChangeSource } from '../draft/change-sources.ts'
import { Draft } from '../draft/draft.ts'
import { decodeToken, parseSessionCookie, tryLoadInto } from '../draft/opening.ts'
import { ACTIVE, type Activity, type Client, PASSIVE, SPECULATIVE } from '../draft/pending-delivery.ts'
import type { StartedResponse } from '../draft/started-response.ts'
import { commitsOf, draftOf, isOfThisCopy } from '../session/dictionary.ts'
import { Session } from '../session/session.ts'
import type { Exchange, ResponseAbility, SessionAdapter } from './adapter-port.ts'

type Bound<Data> = Record<symbol, Session<Data> | undefined>

interface RequestOptions {
  readonly name: string
  readonly lazy: boolean
  readonly saveOnEnd: boolean
  readonly scope: string
}

/**
 * The adapter port of a manager: opens the sessions of requests, and finds them by their request.
 */
export class RequestSessions<Data> implements SessionAdapter<Data> {
  readonly name: string
  readonly saveOnEnd: boolean
  readonly usesCookies: boolean
  readonly #engine: Engine
  readonly #committer: Committer
  readonly #lazy: boolean
  /**
   * The property that `bind` sets, one per cookie. It is not a WeakMap, because an entry of a
   * WeakMap per request costs 0.6 µs of CPU time with its garbage collection, and a property 0.03
   * µs (Node 24).
   */
  readonly #bound: symbol

  constructor(engine: Engine, committer: Committer, options: RequestOptions) {
    this.#engine = engine
    this.#committer = committer
    this.name = options.name
    this.saveOnEnd = options.saveOnEnd
    this.usesCookies = engine.transport.header === undefined
    this.#lazy = options.lazy
    this.#bound = Symbol.for(`sojourn session ${options.scope}`)
  }

  async open(source: RequestInput, response: ResponseAbility = abilityFor(source), touch?: boolean): Promise<Exchange<Data>> {
    const request = toIncomingRequest(source)
    if (request instanceof JarRequest && !this.usesCookies) throw new ConfigError(NO_JAR)
    const draft = this.#draftFor(request, response === COMPLETE ? FULL_ACCESS : () => this.#accessOf(response), touch)
    const { state } = draft
    if (state.is === 'unloaded' && (!this.#lazy || state.others !== undefined)) await tryLoadInto(this.#engine, draft)
    return new RequestExchange(draft, this.sessionOf(draft))
  }

  sessionOf(draft: Draft): Session<Data> {
    return new Session<Data>(draft, new SessionCommits(draft, this.#committer))
  }

  boundTo(target: object): Session<Data> | undefined {
    const session = (target as Bound<Data>)[this.#bound]
    return session !== undefined && this.isOwn(session) ? session : undefined
  }

  bind(target: object, session: Session<Data>): void {
    const other = (target as Bound<Data>)[this.#bound]
    if (other !== undefined && !this.isOwn(other)) {
      throw new ConfigError(
        "Two managers use the same cookie for one request. Give the second manager another property and another cookie: `as: 'adminSession', cookie: { name: 'admin' }`.",
      )
    }
    ;(target as Bound<Data>)[this.#bound] = session
  }

  isOwn(session: Session<Data>): boolean {
    return isOfThisCopy(session) && draftOf(session).context === this.#engine
  }

  #accessOf({ issues, refusal, late = false }: ResponseAbility): Access {
    const { carriesData } = this.#engine.capabilities
    if (issues) return late && !carriesData ? UNTIL_END : FULL_ACCESS
    if (carriesData) return OUTSIDE
    return refusal === undefined ? NO_RESPONSE : { writes: 'existing', refusal }
  }

  #draftFor(request: IncomingRequest, access: AccessNow, touch: boolean | undefined): Draft {
    const engine = this.#engine
    const carrier = engine.transport.carrierFor(request)
    if ('reason' in carrier) return this.#absent(carrier.reason, {}, { writes: 'none', refusal: carrier })
    const presented = carrier.read(request)
    const client = {
      carrier,
      presented,
      jar: request instanceof JarRequest ? request.jar : undefined,
      activity: this.#activityOf(request, touch),
    }
    if (presented.names.length > 0 && engine.ids.decode !== undefined) return this.#deferred(presented, client, access)
    const cookie = parseSessionCookie(presented, engine.ids)
    if (cookie.identities === undefined) return this.#absent(cookie.reason, client, access)
    const [identity, ...others] = cookie.identities
    return new Draft(engine, { is: 'unloaded', identity, ...(others.length > 0 && { others }) }, client, access)
  }

  #activityOf(request: IncomingRequest, touch = this.#engine.countsAsActivity?.(request)): Activity {
    if (request.isQuiet === true) return SPECULATIVE
    return touch === false ? PASSIVE : ACTIVE
  }

  #absent(reason: SessionEvents['absent']['reason'], client: Client, access: AccessNow): Draft {
    this.#engine.emit({ type: 'absent', reason })
    return new Draft(this.#engine, { is: 'absent' }, client, access)
  }

  /**
   * Returns a draft whose token contains the session. The token is decoded at the first use, and
   * validated by the time at which the request arrived.
   */
  #deferred(presented: Presented, client: Client, access: AccessNow): Draft {
    const engine = this.#engine
    const now = engine.now()
    const decode = (): LoadedState => {
      const cookie = parseSessionCookie(presented, engine.ids)
      const [identity, another] = cookie.identities ?? []
      if (identity !== undefined && another === undefined)
        return this.#lazy ? { state: { is: 'unloaded', identity } } : decodeToken(engine, identity, now)
      engine.emit({ type: 'absent', reason: cookie.identities === undefined ? cookie.reason : 'two-cookies' })
      return { state: { is: 'absent' } }
    }
    return new Draft(engine, { is: 'deferred', decode }, client, access)
  }
}

const NO_JAR =
  "sessions.open({ read, write }): a manager with `transport: 'bearer'` uses no cookies. Pass the request, and send the headers that `commit` resolves to."

const COMPLETE: ResponseAbility = { issues: true }
const NONE: ResponseAbility = { issues: false }

/** What is assumed where no adapter says it. The upgrade of a connection of Node has no response. */
function abilityFor(source: RequestInput): ResponseAbility {
  return Object(source) === source && 'upgrade' in source && source.upgrade === true ? NONE : COMPLETE
}

class RequestExchange<Data> implements Exchange<Data> {
  readonly session: Session<Data>
  readonly #draft: Draft

  constructor(draft: Draft, session: Session<Data>) {
    this.#draft = draft
    this.session = session
  }

  addSource(source: ChangeSource): void {
    this.#draft.addSource(source)
  }

  throwLoadError(): void {
    if (this.#draft.state.is === 'failed') this.#draft.openForRead()
  }

  commit(status: number, response?: StartedResponse): Promise<Delivery> {
    return commitsOf(this.session)
      .finish(status, response)
      .then(() => this.delivery())
  }

  get isLate(): boolean {
    return this.#draft.response.isLate
  }

  commitLate(): Promise<void> | undefined {
    return commitsOf(this.session).finishLate()
  }

  abandon(): Promise<void> {
    return commitsOf(this.session).abandon()
  }

  delivery(): Delivery {
    return this.#draft.delivery()
  }
}
