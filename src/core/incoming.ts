import { isLoopback } from '../wire/loopback.ts'

/** What an adapter knows of a request. */
export interface Incoming {
  /** The `Cookie` header. */
  readonly cookie: string | undefined
  /** It came over HTTPS. */
  readonly secure: boolean
  /** It never left this machine. To find that out costs more than the rest, so it may be a getter. */
  readonly loopback: boolean
  /** What to tell the framework when HTTPS is not seen, such as `app.set('trust proxy', 1)`. */
  readonly remedy?: string | undefined
}

/** What a web request tells by itself. */
export function incomingOf(request: Request): Incoming {
  const { headers, url } = request
  const { protocol, host } = new URL(url)
  return {
    cookie: headers.get('cookie') ?? undefined,
    secure: protocol === 'https:',
    get loopback() {
      return isLoopback({ hosts: [host, headers.get('host') ?? host], headers: headers.keys(), environment: environment() })
    },
  }
}

/** A runtime that keeps its environment to itself tells us nothing. */
function environment(): string | undefined {
  try {
    return globalThis.process?.env?.['NODE_ENV']
  } catch {
    return undefined
  }
}
