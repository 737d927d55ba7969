// The load generator, a process of its own. It is told over IPC what to ask for, and answers what came of it.
import { createHistogram } from 'node:perf_hooks'
import autocannon from 'autocannon'

/** What to ask for. */
export interface Load {
  readonly url: string
  /** One `Cookie` header for each connection; `''` for none. */
  readonly cookies: readonly string[]
  /** How many requests, so that none is under way at the end; or for how long, where nobody knows yet how many that would be. */
  readonly extent: { readonly amount: number } | { readonly duration: number }
}

/** What came of it. */
export interface Loaded {
  /** Requests that were answered with a 2xx. */
  readonly answered: number
  /** Those that were answered otherwise. */
  readonly refused: number
  /** Those whose connection ended before the answer, or that took too long. */
  readonly lost: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of one response, head and body. */
  readonly bytes: number
}

/** How often autocannon looks whether it is done, in milliseconds. Its own `duration` ends with such a look, so it is not asked for it. */
const LOOK = 20

process.on('message', (load: Load) => void run(load).then((loaded) => process.send?.(loaded)))
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function run({ url, cookies, extent }: Load): Promise<Loaded> {
  const micros = createHistogram()
  const waiting = [...cookies]
  let [bytes, last] = [0, 0]
  const setupClient = (client: autocannon.Client): void => {
    const cookie = waiting.pop()
    client.setHeaders(cookie ? { cookie } : {})
  }
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>()
  const begun = performance.now()
  const instance = autocannon({ url, connections: cookies.length, ...extent, setupClient, sampleInt: LOOK }, (error, result) =>
    error ? reject(error) : resolve(result),
  )
  instance.on('response', (_client, _status, size, milliseconds) => {
    bytes += size
    last = performance.now()
    micros.record(Math.max(1, Math.round(milliseconds * 1000)))
  })
  const result = await promise
  const answered = result['2xx']
  return {
    answered,
    refused: result.non2xx,
    lost: result.errors,
    perSecond: (answered * 1000) / (last - begun),
    p50: micros.percentile(50),
    p99: micros.percentile(99),
    bytes: bytes / Math.max(1, answered + result.non2xx),
  }
}
