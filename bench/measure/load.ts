// The load generator, a process of its own. It is told over IPC what to ask for, and answers what came of it.
import { createHistogram } from 'node:perf_hooks'
import autocannon from 'autocannon'

/** What to ask for. */
export interface Load {
  readonly url: string
  /** One `Cookie` header for each connection; `''` for none. */
  readonly cookies: readonly string[]
  readonly seconds: number
}

/** What came of it. */
export interface Loaded {
  /** Requests that were answered with a 2xx. */
  readonly answered: number
  /** Those that were answered otherwise, or not at all. */
  readonly failed: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of one response, head and body. */
  readonly bytes: number
}

process.on('message', (load: Load) => void run(load).then((loaded) => process.send?.(loaded)))
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function run({ url, cookies, seconds }: Load): Promise<Loaded> {
  const micros = createHistogram()
  const waiting = [...cookies]
  let bytes = 0
  const instance = autocannon({
    url,
    connections: cookies.length,
    duration: seconds,
    setupClient(client) {
      const cookie = waiting.pop()
      client.setHeaders(cookie ? { cookie } : {})
    },
  })
  instance.on('response', (_client, _status, size, milliseconds) => {
    bytes += size
    micros.record(Math.max(1, Math.round(milliseconds * 1000)))
  })
  const result = await instance
  const answered = result['2xx']
  return {
    answered,
    failed: result.non2xx + result.errors + result.timeouts + result.mismatches,
    perSecond: answered / result.duration,
    p50: micros.percentile(50),
    p99: micros.percentile(99),
    bytes: bytes / Math.max(1, answered + result.non2xx),
  }
}
