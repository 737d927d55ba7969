import { messageOf } from '../core/base/realms.ts'
import { PREFIX } from '../core/cookie/cookie-transport.ts'
import type { CookieToSet } from '../core/cookie/transport.ts'
import { isLoopbackAddress } from '../wire/loopback.ts'
import type { AdminContext } from './admin-engine.ts'
import { type Finding, finding, ok, skipped } from './findings.ts'
import { requestOver, sessionCookie } from './session-cookie.ts'

/** The maximum time for the response of the application, in milliseconds. */
const TIMEOUT = 10_000

/** Requests an address of the application, and checks the connection and the cookie. */
export async function checkResponse({ engine }: AdminContext, address: string): Promise<Finding[]> {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol))
    return [
      finding(
        'response',
        'error',
        'The address of the application is not an http or https URL.',
        'Pass one such as https://shop.example/.',
      ),
    ]
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) })
    await response.body?.cancel()
    return [...connectionFindings(url, response), ...responseFindings(url, response, sessionCookie(engine, requestOver('https')))]
  } catch (error) {
    const reason = messageOf((error as Error).cause ?? error)
    return [finding('response', 'error', `${url.origin} does not respond: ${reason}.`, 'Check the address and the server.')]
  }
}

function connectionFindings({ origin, protocol, hostname }: URL, { headers }: Response): Finding[] {
  if (protocol === 'https:')
    return headers.has('strict-transport-security')
      ? []
      : [
          finding(
            'response',
            'warning',
            `${origin} sends no Strict-Transport-Security, so a first visit can be redirected to plain HTTP.`,
            'Send the header.',
          ),
        ]
  const redirectsToHttps = headers.get('location')?.startsWith('https:') === true
  if (redirectsToHttps || hostname === 'localhost' || isLoopbackAddress(hostname)) return []
  return [finding('response', 'error', `${origin} responds over plain HTTP, where no session cookie is set.`, 'Redirect to HTTPS.')]
}

function responseFindings(url: URL, response: Response, expected: CookieToSet | undefined): Finding[] {
  const { status, headers } = response
  if (status >= 500) return [problem(`${url.origin} responds with ${status}.`, 'Look at the log of the application and of its proxy.')]
  const base = expected?.name.replace(PREFIX, '')
  const cookie = headers.getSetCookie().find((each) => (each.split('=')[0] ?? '').trim().replace(PREFIX, '') === base)
  const findings = [
    ...domainFindings(url, cookie === undefined ? expected?.attributes.domain : domainOf(cookie)),
    ...(cookie === undefined ? [] : cookieFindings(url, cookie, headers)),
  ]
  if (findings.length > 0) return findings
  if (cookie !== undefined) return [ok('response', `${url.origin} responds with ${status} and sets the session cookie.`)]
  const unchecked = `${url.origin} responds with ${status} and sets no session cookie for a new visitor, so the cookie was not checked.`
  const remedy = 'Pass an address that stores something in the session. If this one does, the proxy that ends TLS is not trusted.'
  return [{ ...skipped('response', unchecked), remedy }]
}

function domainFindings({ hostname }: URL, domain: string | undefined): Finding[] {
  const name = domain?.replace(/^\./, '').toLowerCase()
  if (name === undefined || hostname === name || hostname.endsWith(`.${name}`)) return []
  return [
    problem(
      `The session cookie is for ${name} (\`cookie.domain\`), which does not cover ${hostname}, so browsers refuse it.`,
      'Leave out `cookie.domain`, or set it to a domain of this host.',
    ),
  ]
}

function domainOf(cookie: string): string | undefined {
  return /;\s*domain=([^;\s]+)/i.exec(cookie)?.[1]
}

function cookieFindings({ origin, protocol }: URL, cookie: string, headers: Headers): Finding[] {
  const findings: Finding[] = []
  if (protocol !== 'http:' && !/;\s*secure/i.test(cookie))
    findings.push(
      problem(
        `${origin} sets the session cookie without Secure, so the application takes the request for one from this machine.`,
        'Let the framework trust the proxy, or set `cookie.secure: true`.',
      ),
    )
  if (!/(?:^|[\s,])(?:private|no-store)\s*(?:,|$)/i.test(headers.get('cache-control') ?? ''))
    findings.push(
      problem(
        `${origin} sets the session cookie in a response that a shared cache may store, so another visitor can get the same session.`,
        'The application sends `Cache-Control: private`. Let the proxy or CDN keep this header.',
      ),
    )
  return findings
}

function problem(message: string, remedy: string): Finding {
  return finding('response', 'error', message, remedy)
}
