import { type Admin, createAdmin } from '../admin/admin.ts'
import { ConfigError, StoreError } from '../core/base/errors.ts'
import type { Sessions } from '../core/manager/sessions.ts'
import { type Authorize, checkAuthorization, type Operator } from './access.ts'
import { actionOf, NOTICES } from './actions.ts'
import { type CsrfToken, csrfToken, isForged } from './csrf.ts'
import type { History } from './history.ts'
import { link } from './links.ts'
import { Measurement } from './measurement.ts'
import { confirmPage, errorPage } from './pages/confirm-page.ts'
import { layout, type Page } from './pages/layout.ts'
import { filterOf, listPage, searchOf } from './pages/list-page.ts'
import { overviewPage } from './pages/overview-page.ts'
import { sessionPage } from './pages/session-page.ts'
import { HEADERS, notFound, readForm, redirect, styleSheet } from './responses.ts'
import { STYLE_VERSION } from './style.ts'

/** What the pages are made of. */
export interface PagesContext {
  // oxlint-disable-next-line typescript/no-explicit-any -- a manager of any data
  readonly sessions: Sessions<any>
  readonly authorize: Authorize
  readonly history: History | undefined
  readonly now: () => number
}

/** One request of an operator. */
interface OperatorRequest {
  readonly request: Request
  readonly query: URLSearchParams
  readonly operator: Operator
  readonly admin: Admin
  readonly csrf: CsrfToken
}

/** Admins are kept, because they remember the positions of lists. */
const MAX_ADMINS = 100
const PAGE_SIZE = 50

/** Makes the response to every request of the inspector. */
export class Pages {
  readonly #context: PagesContext
  readonly #admins = new Map<string, Admin>()
  readonly #measurement: Measurement

  constructor(context: PagesContext) {
    this.#context = context
    this.#measurement = new Measurement(context.now)
  }

  /** Rejects only with the errors of `authorize`. */
  async respond(request: Request, original: object): Promise<Response> {
    const operator = checkAuthorization(await this.#context.authorize(request, original))
    if (operator === undefined) return notFound()
    if (operator instanceof Response) return operator
    const query = new URL(request.url).searchParams
    if (query.get('style') === STYLE_VERSION) return styleSheet()
    const asked = { request, query, operator, admin: this.#adminOf(operator.name), csrf: csrfToken(request) }
    try {
      return request.method === 'POST' ? await this.#post(asked) : send(asked, await this.#page(asked))
    } catch (error) {
      return send(asked, failure(error))
    }
  }

  async #page({ query, operator, admin, csrf, request }: OperatorRequest): Promise<Page> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return NO_METHOD
    const action = actionOf(query)
    if (action !== undefined) return operator.changes === true ? confirmPage(action, csrf.token) : READ_ONLY
    const handle = query.get('session') ?? searchOf(query).handle
    if (handle !== '') return this.#session(admin, handle, operator, noticeOf(query))
    if (query.get('view') === 'overview') return this.#overview(admin)
    return this.#list(admin, query, operator)
  }

  async #session(admin: Admin, handle: string, operator: Operator, notice: string | undefined): Promise<Page> {
    const { now, history } = this.#context
    const session = await admin.show(handle, { values: operator.values === true })
    if (session === undefined) return NO_SESSION
    const explanation = await admin.explain(handle)
    return { ...sessionPage({ session, explanation, events: history?.eventsOf(handle), operator, now: now() }), notice }
  }

  async #overview(admin: Admin): Promise<Page> {
    const { now, history } = this.#context
    return overviewPage(await this.#measurement.read(admin), history, now())
  }

  async #list(admin: Admin, query: URLSearchParams, operator: Operator): Promise<Page> {
    const search = searchOf(query)
    const page = await admin.list({ ...filterOf(search), limit: PAGE_SIZE, cursor: query.get('cursor') ?? undefined })
    return { ...listPage(search, page, this.#context.now(), operator.changes === true), notice: noticeOf(query) }
  }

  async #post(asked: OperatorRequest): Promise<Response> {
    const { request, query, operator, admin } = asked
    const form = await readForm(request)
    if (form === undefined) return send(asked, TOO_LARGE)
    if (isForged(request, form)) return send(asked, FORGED)
    const action = actionOf(query)
    if (action === undefined) return send(asked, NO_CHANGE)
    if (operator.changes !== true) return send(asked, READ_ONLY)
    await action.run(admin)
    this.#measurement.forget()
    return redirect(link(action.after))
  }

  #adminOf(operator: string): Admin {
    const known = this.#admins.get(operator)
    if (known !== undefined) return known
    const admin = createAdmin({ sessions: this.#context.sessions, operator })
    const [oldest] = this.#admins.keys()
    if (this.#admins.size >= MAX_ADMINS && oldest !== undefined) this.#admins.delete(oldest)
    this.#admins.set(operator, admin)
    return admin
  }
}

function send({ operator, csrf: { setCookie } }: OperatorRequest, page: Page): Response {
  const headers = new Headers({ ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' })
  if (setCookie !== undefined) headers.set('Set-Cookie', setCookie)
  if (page === NO_METHOD) headers.set('Allow', 'GET, HEAD, POST')
  return new Response(String(layout(page, operator)), { status: page.status ?? 200, headers })
}

function noticeOf(query: URLSearchParams): string | undefined {
  const done = query.get('done') ?? ''
  return Object.hasOwn(NOTICES, done) ? NOTICES[done] : undefined
}

const NO_METHOD = errorPage(405, 'Unknown method', 'The pages of the inspector are read with GET and changed with POST.')
const NO_SESSION = errorPage(404, 'No such session', 'It has ended, or the handle is of another manager.')
const NO_CHANGE = errorPage(400, 'Unknown change', 'The address names no change.')
const READ_ONLY = errorPage(403, 'Not allowed', 'You may read sessions and not change them. `authorize` decides, with `changes: true`.')
const TOO_LARGE = errorPage(413, 'Too large', 'No form of the inspector is so large.')
const FORGED = errorPage(
  403,
  'Not confirmed',
  'The form was not sent by a page of the inspector, or its cookie is missing. Open the page again, and confirm again.',
)

/** The page for an error of the admin. What a database said is not shown. */
function failure(error: unknown): Page {
  if (error instanceof ConfigError) return errorPage(400, 'This is not possible', error.message)
  console.error(error)
  if (error instanceof StoreError)
    return errorPage(
      503,
      'The session store does not respond',
      'Nothing is shown until it responds again. The error is in the log of the server.',
    )
  return errorPage(500, 'This page failed', 'The error is in the log of the server.')
}
