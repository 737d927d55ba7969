import { messageOf } from '../core/base/realms.ts'
import { PREFIX } from '../core/cookie/cookie-transport.ts'
import type { AdminContext } from './admin-engine.ts'
import { type Finding, ok } from './findings.ts'

/** The maximum time for the response of the application, in milliseconds. */
const TIMEOUT = 10_000

/** Requests an address of the application, and checks the connection and the cookie. */
export async function checkResponse({ port }: AdminContext, address: string): Promise<Finding[]> {
  const url = URL.parse(address)
  const finding = (level: Finding['level'], message: string, remedy: string): Finding => ({ check: 'response', level, message, remedy })
  if (url === null || !/^https?:$/.test(url.protocol))
    return [finding('error', 'The address of the application is not an http or https URL.', 'Pass one such as https://shop.example/.')]
  let response: Response
  try {
    response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT) })
    await response.body?.cancel()
  } catch (error) {
    return [finding('error', `${url.origin} does not respond: ${messageOf((error as Error).cause ?? error)}.`, 'Check the address and the server.')]
  }
  const isSecure = url.protocol === 'https:'
  const redirectsToHttps = response.headers.get('location')?.startsWith('https:') === true
  const findings: Finding[] = []
  if (!isSecure && !redirectsToHttps && !isLocal(url))
    findings.push(finding('error', `${url.origin} responds over plain HTTP, where no session cookie is set.`, 'Redirect to HTTPS.'))
  const { name = 'sid' } = port.options.cookie ?? {}
  const base = name.replace(PREFIX, '')
  const cookie = response.headers.getSetCookie().find((each) => (each.split('=')[0] ?? '').trim().replace(PREFIX, '') === base)
  if (cookie === undefined) findings.push(ok('response', `${url.origin} responds with ${response.status} and sets no session cookie for a new visitor.`))
  else if (isSecure && !/;\s*secure/i.test(cookie))
    findings.push(
      finding(
        'error',
        `${url.origin} sets the session cookie without Secure, so the application takes the request for plain HTTP from this machine.`,
        'Let the framework trust the proxy, or set `cookie.secure: true`.',
      ),
    )
  else findings.push(ok('response', `${url.origin} responds with ${response.status} and sets the session cookie.`))
  if (isSecure && response.headers.get('strict-transport-security') === null)
    findings.push(
      finding('warning', `${url.origin} sends no Strict-Transport-Security, so a first visit can be redirected to plain HTTP.`, 'Send the header.'),
    )
  return findings
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
