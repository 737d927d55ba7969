import { messageOf } from '../core/base/realms.ts'
import { PREFIX } from '../core/cookie/cookie-transport.ts'
import { isLoopbackAddress } from '../wire/loopback.ts'
import type { AdminContext } from './admin-engine.ts'
import { type Finding, finding, ok } from './findings.ts'

/** The maximum time for the response of the application, in milliseconds. */
const TIMEOUT = 10_000

/** Requests an address of the application, and checks the connection and the cookie. */
export async function checkResponse({ port }: AdminContext, address: string): Promise<Finding[]> {
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
    return [...connectionFindings(url, response), cookieFinding(url, response, port.options.cookie?.name)]
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

function cookieFinding({ origin, protocol }: URL, { headers, status }: Response, name = 'sid'): Finding {
  const base = name.replace(PREFIX, '')
  const cookie = headers.getSetCookie().find((each) => (each.split('=')[0] ?? '').trim().replace(PREFIX, '') === base)
  if (cookie === undefined) return ok('response', `${origin} responds with ${status} and sets no session cookie for a new visitor.`)
  if (protocol === 'http:' || /;\s*secure/i.test(cookie))
    return ok('response', `${origin} responds with ${status} and sets the session cookie.`)
  return finding(
    'response',
    'error',
    `${origin} sets the session cookie without Secure, so the application takes the request for one from this machine.`,
    'Let the framework trust the proxy, or set `cookie.secure: true`.',
  )
}
