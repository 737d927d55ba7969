import { text } from 'node:stream/consumers'
import type { Admin, Explanation } from '../admin/admin.ts'
import { ConfigError } from '../core/base/errors.ts'
import { EXIT } from './exit-code.ts'
import type { ExplainCommandOptions, HeaderLines } from './headers.ts'
import { printJson } from './output.ts'
import { printable } from './printable.ts'
import { printSession } from './show.ts'

/** Explains what would happen to a request. `-` reads the cookie or handle from standard input. */
export async function explain(admin: Admin, target: string | undefined, options: ExplainCommandOptions): Promise<number> {
  const given = target === '-' ? (await text(process.stdin)).trim() : target
  const { url, header } = options
  if (url === undefined && header.length > 0) throw new ConfigError('--header needs --url, the address of the request.')
  if (url === undefined && given === undefined)
    throw new ConfigError('Pass a Cookie header, the value of a session cookie or a handle (`-` reads it from standard input), or a --url.')
  const explanation = await admin.explain(url === undefined ? (given ?? '') : requestOf(url, given, header))
  if (options.json === true) printJson(explanation)
  else await print(explanation)
  return explanation.outcome === 'session' ? EXIT.done : EXIT.no
}

function requestOf(url: string, cookie: string | undefined, header: HeaderLines): Request {
  if (!URL.canParse(url)) throw new ConfigError('--url is not a URL. Give one such as https://shop.example/cart')
  const headers = new Headers(header.map(([name, value]) => [name, value]))
  if (cookie !== undefined) headers.set('cookie', cookie.replace(/^\s*cookie:\s*/i, ''))
  return new Request(url, { headers })
}

const OUTCOMES: Readonly<Record<Explanation['outcome'], string>> = {
  session: 'The request has its session.',
  empty: 'The request has a new and empty session.',
  error: 'The request gets an error when it uses its session.',
}

async function print({ outcome, reason, cause, message, remedy, session }: Explanation): Promise<void> {
  console.log(`${OUTCOMES[outcome]}\n\ncause:  ${cause} (reason of the event: ${reason})\n${printable(message)}`)
  if (remedy !== '') console.log(`\nwhat to do:\n${printable(remedy)}`)
  if (session !== undefined) await printSession(session)
}
