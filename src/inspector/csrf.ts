import { randomBytes } from 'node:crypto'
import { constantTimeEqual } from '../wire/constant-time-equal.ts'
import { cookieValues } from '../wire/cookie-header.ts'

const NAME = 'sojourn-inspector'
/** The name of the field of a form that contains the token. */
export const TOKEN = 'token'

/** The token for the forms of a page, and the `Set-Cookie` field of its response if it is new. */
export interface CsrfToken {
  readonly token: string
  readonly setCookie?: string
}

export function csrfToken(request: Request): CsrfToken {
  const current = tokenIn(request)
  if (current !== undefined) return { token: current }
  const token = randomBytes(24).toString('base64url')
  const secure = new URL(request.url).protocol === 'https:' ? '; Secure' : ''
  return { token, setCookie: `${NAME}=${token}; HttpOnly; SameSite=Strict${secure}` }
}

/**
 * Whether a post does not come from a page of the inspector: the browser names another origin, or
 * its token is not the one in the cookie. A sibling host can set the cookie, but not the origin.
 */
export function isForged(request: Request, form: URLSearchParams): boolean {
  const token = tokenIn(request)
  return isForeign(request) || token === undefined || !constantTimeEqual(token, form.get(TOKEN) ?? '')
}

/** Browsers from before 2023 send no `Sec-Fetch-Site`; every browser sends `Origin` with a POST. */
function isForeign({ url, headers }: Request): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin'
  const origin = headers.get('origin')
  return origin !== null && URL.parse(origin)?.host !== (headers.get('host') ?? new URL(url).host)
}

function tokenIn({ headers }: Request): string | undefined {
  const [token, another] = cookieValues(headers.get('cookie'), NAME)
  return another === undefined && token !== undefined && /^[\w-]{32}$/.test(token) ? token : undefined
}
