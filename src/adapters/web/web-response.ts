import { formatValue } from '../../core/base/format.ts'
import { type Delivery, printSetCookie } from '../../core/cookie/transport.ts'
import type { StartedResponse } from '../../core/draft/started-response.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'
import { privacyOf, withVary } from '../shared/caching.ts'
import { errorStatus, reportError } from '../shared/error-status.ts'

/**
 * The response with its session's cookies and caching headers. A new response around the same body,
 * because headers can be immutable. Responses that cannot be rebuilt, a protocol switch (101) and a
 * network error (0), are returned as they are.
 */
export function withSessionHeaders(response: Response, delivery: Delivery): Response {
  if (response.status < 200 || delivery.vary === undefined) return response
  const copy = new Response(response.body, response)
  addSessionHeaders(copy.headers, delivery)
  return copy
}

/**
 * Adds the cookies, token and caching headers of a session. Throws if the headers are immutable.
 */
export function addSessionHeaders(headers: Headers, delivery: Delivery): void {
  for (const cookie of delivery.cookies) headers.append('Set-Cookie', printSetCookie(cookie))
  for (const [name, value] of delivery.headers) headers.set(name, value)
  setCaching(headers, delivery)
}

/** Sets `Vary`, and what keeps caches from storing a response with a session cookie or a token. */
export function setCaching(headers: Headers, { cookies, headers: tokens, vary }: Delivery): void {
  if (cookies.length > 0 || tokens.length > 0) {
    const fields = privacyOf([...headers.keys()], (each) => headers.get(each) ?? undefined, tokens.length > 0)
    for (const [name, value] of fields) headers.set(name, value)
  }
  if (vary !== undefined) headers.set('Vary', withVary(headers.get('Vary') ?? undefined, vary))
}

/** Adds to a response what it has to carry for its session. */
type Apply = (response: Response, delivery: Delivery) => Response

/**
 * Runs a handler, commits its session, and returns its response with what `apply` adds. If the
 * commit fails, the response is an empty one with the status of the error.
 */
export async function respond<Data, Result extends Response>(
  exchange: Exchange<Data>,
  handler: () => Promise<Result>,
  asResult: (thrown: unknown) => Response | undefined,
  apply?: Apply,
): Promise<Response> {
  const response = await runHandler<Data, Response>(exchange, async () => checkResponse(await handler()), asResult)
  try {
    return await commitFor(exchange, response, apply)
  } catch (error) {
    reportError(error)
    return failedResponse(exchange, error, response)
  }
}

function checkResponse(result: unknown): Response {
  if (typeof result === 'object' && result !== null && 'status' in result) return result as Response
  throw new TypeError(`The handler of this request has to return a Response; it returned ${formatValue(result)}.`)
}

/**
 * Commits the session for the response, and returns the response with what `apply` adds. If the
 * session can be changed while the body is sent, the body ends when these changes are committed,
 * and fails if their commit fails.
 */
export async function commitFor<Data>(exchange: Exchange<Data>, response: Response, apply: Apply = withSessionHeaders): Promise<Response> {
  const delivery = await exchange.commit(statusOf(response), new ReturnedResponse(response))
  return apply(exchange.isLate ? endingAfterCommit(exchange, response) : response, delivery)
}

/**
 * A response that a handler returned. A class, because V8 makes a shape for each literal with a
 * getter.
 */
class ReturnedResponse implements StartedResponse {
  readonly isStreaming = undefined
  readonly #response: Response

  constructor(response: Response) {
    this.#response = response
  }

  get isComplete(): boolean {
    return this.#response.status < 200 || (this.#response.body ?? undefined) === undefined
  }
}

/** A network error (`Response.error()`) is a failure, and its client gets no cookie. */
function statusOf({ status }: Response): number {
  return status === 0 ? 500 : status
}

function endingAfterCommit<Data>(exchange: Exchange<Data>, response: Response): Response {
  async function flush(): Promise<void> {
    try {
      await exchange.commitLate()
    } catch (error) {
      reportError(error)
      throw error
    }
  }
  const transformer = { flush, cancel: () => exchange.abandon() }
  return new Response(response.body?.pipeThrough(new TransformStream(transformer)), response)
}

/**
 * Runs a handler. A thrown value that `asResult` maps to a result is the result. Otherwise a flush
 * is still performed, and what was thrown is thrown.
 */
export async function runHandler<Data, Result>(
  exchange: Exchange<Data>,
  handler: () => Result | Promise<Result>,
  asResult: (thrown: unknown) => Result | undefined = () => undefined,
): Promise<Result> {
  try {
    return await handler()
  } catch (thrown) {
    const result = asResult(thrown)
    if (result !== undefined) return result
    await exchange.commit(500).catch(() => undefined)
    throw thrown
  }
}

/**
 * The empty response after a failed commit. It replaces the response of the handler, which is
 * dropped.
 */
export function failedResponse<Data>(
  exchange: Exchange<Data>,
  error: unknown,
  dropped: Response | undefined,
  headers: Headers = new Headers(),
): Response {
  if (dropped?.bodyUsed === false) dropped.body?.cancel().catch(() => undefined) // lets the source of the body stop
  return withSessionHeaders(new Response(undefined, { status: errorStatus(error), headers }), exchange.delivery())
}
