import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Refusal } from '../../core/base/access.ts'
import { ConfigError } from '../../core/base/errors.ts'
import { NodeRequest } from '../../core/cookie/node-request.ts'
import { environment } from '../../core/cookie/web-request.ts'
import type { ResponseAbility, SessionAdapter } from '../../core/manager/adapter-port.ts'
import { isForwardedHttps } from '../../wire/loopback.ts'
import { abandonLater, attachSession } from '../node/attach-session.ts'
import { sendPlainError } from '../node/connect.ts'
import { canDefer } from '../node/node-response.ts'
import { errorStatus, reportError, sentenceOf } from '../shared/error-status.ts'
import { openOnce } from '../shared/manager.ts'
import type { Session } from '../shared/types.ts'

/** What is used of an event of h3 1. */
export interface NuxtEvent {
  /** The request and response of Node. */
  readonly node: { readonly req: IncomingMessage; readonly res: ServerResponse }
  /** Forwarded by `event.$fetch` and `useFetch` to the internal request. */
  readonly context: object
}

/** What is used of the application of Nitro 2. */
export interface NitroApplication {
  /** Calls a function with the event of every request. */
  readonly hooks: { hook(name: 'request', run: (event: NuxtEvent) => void): unknown }
  /** `onError` writes the error page. */
  readonly h3App: { readonly options: { readonly onError?: (error: never, event: never) => unknown } }
}

/** `createError` of h3. */
export type CreateError = (error: { readonly statusCode: number; readonly message: string; readonly cause: unknown }) => Error

/**
 * The error of a change that needs a cookie, in an internal request that was sent without a
 * context.
 */
const WITHOUT_SENDER: Refusal = {
  reason: 'no-response',
  error: () =>
    new ConfigError(
      'This internal request of Nitro does not belong to a request of a browser, so no session can start or get another id here. Send it with `useFetch`, `useRequestFetch()` or `event.$fetch`, which share the session of the request that sends it. `$fetch` does so only in the browser. Nitro has to run on Node (its option `preset`); on other servers every request is an internal one.',
    ),
}

const INTERNAL: ResponseAbility = { issues: false, refusal: WITHOUT_SENDER, late: false }

/** The requests of one server of Nitro, and their sessions. */
export class NuxtRequests<Data> {
  readonly #adapter: SessionAdapter<Data>
  readonly #attach: ReturnType<typeof attachSession<Data>>
  readonly #createError: CreateError
  #application: NitroApplication | undefined
  /**
   * The event of the request that was sent by a browser, by the contexts of it and of its internal
   * requests.
   */
  readonly #senders: WeakMap<object, NuxtEvent> = new WeakMap()
  readonly #sessions: WeakMap<NuxtEvent, Promise<Session<Data>>> = new WeakMap()

  constructor(adapter: SessionAdapter<Data>, createError: CreateError) {
    this.#adapter = adapter
    this.#attach = attachSession(adapter, 'the header X-Forwarded-Proto of the proxy')
    this.#createError = createError
  }

  /**
   * Registers every request, because an internal one only has the context of the request that sent
   * it.
   */
  install(application: NitroApplication): void {
    this.#application = application
    application.hooks.hook('request', (event) => this.#senders.set(event.context, this.#senderOf(event)))
  }

  /** The session of a request. Repeated calls return the same promise. */
  async open(event: NuxtEvent): Promise<Session<Data>> {
    const sender = this.#senders.get(event.context) ?? event
    if (isCached(event) || isCached(sender)) throw cachedError()
    let opened = this.#sessions.get(sender)
    if (opened === undefined) {
      opened = this.#open(sender)
      this.#sessions.set(sender, opened)
    }
    return opened
  }

  /** Whether the response is for several visitors, because it is cached or prerendered. */
  isShared(event: NuxtEvent): boolean {
    return isCached(event) || event.node.req.headers['x-nitro-prerender'] !== undefined
  }

  /** Nitro keeps the context that `event.$fetch` forwards in a property of the internal request. */
  #senderOf(event: NuxtEvent): NuxtEvent {
    const { __unenv__: forwarded } = event.node.req as { readonly __unenv__?: object }
    return (forwarded === undefined ? undefined : this.#senders.get(forwarded)) ?? event
  }

  async #open(event: NuxtEvent): Promise<Session<Data>> {
    const { req, res } = event.node
    const secure = isSecure(event)
    if (canDefer(req, res)) await this.#attach({ req, res, secure, fail: (error) => void this.#fail(event, error) })
    else {
      const request = new NodeRequest(req, { secure, remedy: undefined, environment: environment() })
      const exchange = await openOnce(this.#adapter, req, request, INTERNAL)
      ;(res as ServerResponse).once('close', () => exchange !== undefined && abandonLater(exchange))
    }
    return this.#adapter.boundTo(req) as Session<Data>
  }

  /** Makes Nuxt write its error page after a failed commit. */
  async #fail(event: NuxtEvent, cause: unknown): Promise<void> {
    const { res } = event.node
    reportError(cause)
    if (res.headersSent) return
    const error = this.#createError({ statusCode: errorStatus(cause), message: sentenceOf(cause), cause })
    res.statusCode = errorStatus(cause)
    try {
      await this.#application?.h3App.options.onError?.(error as never, event as never)
    } catch (thrown) {
      reportError(thrown)
    }
    if (!res.headersSent) sendPlainError(res, cause)
  }
}

/** As h3 judges it: by the connection, and by the header that proxies set. */
function isSecure({ node: { req } }: NuxtEvent): boolean {
  const { encrypted } = Object(req.socket) as { readonly encrypted?: boolean }
  return encrypted === true || isForwardedHttps(req.headers['x-forwarded-proto']?.toString())
}

/** Whether a handler runs whose response Nitro stores for other visitors. */
function isCached({ context }: NuxtEvent): boolean {
  return (context as { readonly cache?: unknown }).cache !== undefined
}

function cachedError(): ConfigError {
  return new ConfigError(
    'getUserSession(event) was called in a handler whose response is cached (`defineCachedEventHandler`, or `swr`, `isr` or `cache` in `routeRules`), so that other visitors would get it. Use the session in a handler that is not cached.',
  )
}
