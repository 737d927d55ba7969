import type { Engine } from '../core/config/engine.ts'
import { PREFIX } from '../core/cookie/cookie-transport.ts'
import type { IncomingRequest } from '../core/cookie/incoming-request.ts'
import { NOTHING_PRESENTED, type Presented } from '../core/cookie/transport.ts'
import { cookieValues } from '../wire/cookie-header.ts'
import type { Cause, Findings } from './cause.ts'
import { sessionCookie } from './session-cookie.ts'

/** Why a request has no session cookie. */
export function missingCookie(findings: Findings): Cause {
  if (findings.engine.transport.header !== undefined) return missingToken(findings)
  return otherName(findings) ?? withheldOverHttp(findings) ?? outsideDomain(findings) ?? withheldFromSite(findings) ?? noCookie(findings)
}

/** Why a request has no token in its header `Authorization`. */
function missingToken({ request }: Findings): Cause {
  const authorization = request?.header('authorization')
  return {
    cause: 'no-token',
    message:
      authorization === undefined
        ? 'The request has no header `Authorization`, in which the client sends its id.'
        : 'The header `Authorization` of the request does not have the scheme `Bearer`.',
    remedy:
      "The client is new, or does not send its id: `Authorization: Bearer <id>`, with the value of the last header `Session-Id` that it got. A browser of another origin needs `Access-Control-Allow-Headers: Authorization` and `Access-Control-Expose-Headers: Session-Id`. A manager with `transport: 'bearer'` reads no cookie.",
  }
}

/** The form of the ids that this package makes. */
const OWN_ID = /^[\w-]{16}\.[\w-]{32}$/

function otherName({ engine, request }: Findings): Cause | undefined {
  const expected = expectedName(engine, request)
  if (expected === undefined) return undefined
  const others = cookieNames(request).filter((name) => name !== expected)
  const prefixed = others.find((name) => name.replace(PREFIX, '') === expected.replace(PREFIX, ''))
  if (prefixed !== undefined)
    return {
      cause: 'other-name',
      message: `The request has the cookie \`${prefixed}\`, and over this connection the session cookie is named \`${expected}\`.`,
      remedy:
        'The cookie was set over another kind of connection (HTTPS or loopback), or before `cookie.path` or `cookie.domain` was changed. Use one kind of connection; if a proxy terminates TLS, set `cookie.secure: true` or let the framework trust the proxy. A cookie without an address is explained as one of HTTPS; for one of this machine pass the address too (`--url http://localhost:3000/`).',
    }
  const renamed = others.find((name) => cookieValues(request?.header('cookie'), name).some((value) => OWN_ID.test(value)))
  if (renamed === undefined) return undefined
  return {
    cause: 'other-name',
    message: `The request has no cookie \`${expected}\`, and its cookie \`${renamed}\` has the form of a session cookie.`,
    remedy:
      'Another manager set it, or the option `cookie.name` (or `as`) is another one in the process that set it. The name is part of the key, so after a change every visitor logs in again.',
  }
}

/** A Secure cookie is neither set nor sent over plain HTTP. */
function withheldOverHttp({ engine, options, request }: Findings): Cause | undefined {
  if (request === undefined || request.secure) return undefined
  const isSecureOnly = expectedName(engine, request) === undefined
  const usedHttp = request.header('x-forwarded-proto')?.trim().toLowerCase() === 'http'
  if (!isSecureOnly && !(options.cookie?.secure === true && usedHttp)) return undefined
  if (isForwardedHttps(request))
    return untrustedProxy('Let the framework trust the proxy, such as with app.set("trust proxy", 1), or set the option `proxy: true`.')
  return {
    cause: 'plain-http',
    message: 'The request came over plain HTTP, where browsers neither store nor send a Secure cookie (`cookie.secure`).',
    remedy: 'Use HTTPS. In development, leave the cookie without Secure over plain HTTP: `cookie.secure: "auto"`.',
  }
}

function outsideDomain({ options, request }: Findings): Cause | undefined {
  const domain = options.cookie?.domain?.replace(/^\./, '').toLowerCase()
  const host = request?.header('host')?.replace(/:\d+$/, '').toLowerCase()
  if (domain === undefined || host === undefined || host === domain || host.endsWith(`.${domain}`)) return undefined
  return {
    cause: 'outside-domain',
    message: `The request is for the host ${host}, which the option \`cookie.domain\` (${domain}) does not cover, so browsers refuse the cookie there.`,
    remedy:
      'Leave out `cookie.domain`, or set it to a domain of this host. If a proxy sends another header Host than the browser, let it keep the one of the browser.',
  }
}

function withheldFromSite({ options: { cookie }, request }: Findings): Cause | undefined {
  if (request?.header('sec-fetch-site') !== 'cross-site') return undefined
  const sameSite = cookie?.sameSite ?? 'lax'
  if (sameSite === 'none')
    return {
      cause: 'third-party',
      message: 'The request comes from a page of another site, and browsers that block cookies of third parties do not send this one.',
      remedy:
        'Serve both from one site, such as app.example.com and api.example.com. For a page in a frame, `cookie.partitioned: true` gives every embedding site its sessions.',
    }
  if (sameSite === 'lax' && isNavigation(request)) return undefined
  return {
    cause: 'cross-site',
    message: `The request comes from another site, and the browser does not send a cookie with \`SameSite=${sameSite}\` with it.`,
    remedy: "Call the application from its own site, or set `cookie: { sameSite: 'none', secure: true }`.",
  }
}

/**
 * Whether the visitor follows a link, with which the browser sends a cookie with `SameSite=lax`.
 */
function isNavigation(request: IncomingRequest): boolean {
  const { method = 'GET' } = request
  return (method === 'GET' || method === 'HEAD') && request.header('sec-fetch-dest') === 'document'
}

function noCookie({ engine, request }: Findings): Cause {
  const names = cookieNames(request)
  const message =
    names.length === 0
      ? 'The request has no cookie.'
      : `The request has no cookie \`${expectedName(engine, request) ?? ''}\`, only: ${names.join(', ')}.`
  return {
    cause: 'no-cookie',
    message,
    remedy:
      'The visitor is new, the cookie has expired or was deleted, or the client does not send it: for fetch() to another origin set `credentials: "include"`. Check that the response of the login has a `Set-Cookie` field and that the browser accepts it. There is none if nothing was saved: the status was 500 or above (event `unchanged`, reason `failed-response`), or the session was changed after the response had started (event `uncommitted`).',
  }
}

/** The forms of the cookies of other libraries. */
const FOREIGN: readonly (readonly [form: RegExp, library: string])[] = [
  [/^s(?::|%3A)/i, 'express-session'],
  [/^Fe26\.2/, 'iron-session'],
  [/^eyJ/, 'cookie-session or a JSON Web Token'],
  [/^[a-z0-9]{32}$/, 'Django'],
]
/** The form of a sealed session, of any secret. */
const SEALED = /^[12][\w-]{60,}$/
/** The form of a signed sid, as express-session signs it with any secret. */
export const SIGNED: RegExp = /^s(?::|%3A).+\../i

/** Why the cookie is no token of this manager. */
export function malformedCookie({ engine, request }: Findings): Cause {
  if (engine.transport.header !== undefined)
    return {
      cause: 'malformed-token',
      message:
        'The header `Authorization` has no id of this manager: it is damaged or cut off, or has another form, such as that of a JSON Web Token.',
      remedy: 'Send the value of the last header `Session-Id`, in one header `Authorization`. An id of a cookie is not valid here.',
    }
  const { tokens, names } = request === undefined ? NOTHING_PRESENTED : presentedBy(engine, request)
  const values = [...tokens, ...names.flatMap((name) => cookieValues(request?.header('cookie'), name))]
  const isSealed = engine.capabilities.carriesData && values.some((value) => SEALED.test(value))
  const isSigned = tokens.length === 0 && values.some((value) => SIGNED.test(value))
  if (isSealed || isSigned)
    return {
      cause: 'other-secret',
      message: `The cookie was ${isSealed ? 'sealed' : 'signed'} with a secret that this manager does not have, or it is damaged.`,
      remedy:
        'Use the same secret in every process. To change it without logging visitors out, put the new one first and keep the old one in the list. Another application that sets a cookie of this name needs another name.',
    }
  const [, library] = FOREIGN.find(([form]) => values.some((value) => form.test(value))) ?? []
  if (library !== undefined)
    return {
      cause: 'foreign-cookie',
      message: `The cookie has the form of one of ${library}.`,
      remedy: 'Another library sets a cookie of the same name. Give this manager another `cookie.name`, or remove the other library.',
    }
  return {
    cause: 'malformed-cookie',
    message: 'The cookie does not have the form of an id: it is damaged or cut off, or a part of it is missing.',
    remedy: 'Check whether a proxy or a script rewrites cookies, and whether another application sets a cookie of the same name.',
  }
}

/** Why the session cookie is not used over this connection. */
export function insecureRequest(findings: Findings): Cause {
  if (findings.request !== undefined && isForwardedHttps(findings.request)) return untrustedProxy(refusalText(findings))
  return {
    cause: 'plain-http',
    message: 'The request came over plain HTTP and not from this machine, where the session cookie is not used.',
    remedy: refusalText(findings),
  }
}

export function outsidePath(findings: Findings): Cause {
  return {
    cause: 'outside-path',
    message: `The request is for ${findings.request?.path ?? 'a path'}, which the option \`cookie.path\` does not cover, so the browser does not send the cookie there.`,
    remedy: refusalText(findings),
  }
}

export function foreignRequest(findings: Findings): Cause {
  return {
    cause: 'cross-site',
    message: 'A page of another origin sent the request, and it can change something, so its session is not used.',
    remedy: refusalText(findings),
  }
}

function untrustedProxy(remedy: string): Cause {
  return {
    cause: 'untrusted-proxy',
    message:
      'A proxy reports that the client used HTTPS, and the application does not trust the proxy, so the request counts as plain HTTP.',
    remedy,
  }
}

function isForwardedHttps(request: IncomingRequest): boolean {
  return /\bhttps\b/i.test(`${request.header('x-forwarded-proto') ?? ''} ${request.header('forwarded') ?? ''}`)
}

/** The text of the error that a change of the session would throw. */
function refusalText({ engine, request }: Findings): string {
  const carrier = request && engine.transport.carrierFor(request)
  return carrier !== undefined && 'reason' in carrier ? carrier.error().message : ''
}

function presentedBy({ transport }: Engine, request: IncomingRequest): Presented {
  const carrier = transport.carrierFor(request)
  return 'reason' in carrier ? NOTHING_PRESENTED : carrier.read(request)
}

/**
 * The name of the session cookie over the connection of this request; `undefined` if none is set
 * over it.
 */
function expectedName(engine: Engine, request: IncomingRequest | undefined): string | undefined {
  return request && sessionCookie(engine, request)?.name
}

function cookieNames(request: IncomingRequest | undefined): string[] {
  const header = request?.header('cookie') ?? ''
  return header.split(';').flatMap((pair) => (pair.includes('=') ? [pair.slice(0, pair.indexOf('=')).trim()] : []))
}
