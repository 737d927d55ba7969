import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { aptInstall, folderOf } from '../../test/services/own-server.ts'
import { onCore } from './cores.ts'

/** What to ask for. */
export interface LoadOptions {
  readonly url: string
  /** `Cookie` headers that the requests take turns with; `''` for none. */
  readonly cookies: readonly string[]
  readonly connections: number
  /** For how long: whole seconds. */
  readonly seconds: number
}

/** What came of it. */
export interface LoadResult {
  /** Requests that were answered with a 2xx or 3xx. */
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

/** As wrk prints it, see `load.lua`: all bytes, and microseconds. */
type WrkOutput = Omit<LoadResult, 'perSecond'> & { readonly micros: number }

const SCRIPT = new URL('./load.lua', import.meta.url).pathname

/** Asks as fast as the server answers. wrk is so much faster than any of the servers that all of them have the same to do with it. */
export async function load({ url, cookies, connections, seconds }: LoadOptions): Promise<LoadResult> {
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT, url] as const
  const { answered, refused, micros, bytes, ...rest } = JSON.parse(await lastLine(onCore('load', command), cookies.join('\n'))) as WrkOutput
  return { ...rest, answered, refused, perSecond: (answered * 1e6) / micros, bytes: bytes / Math.max(1, answered + refused) }
}

/** Throws where wrk is missing and cannot be installed. */
export function requireWrk(): void {
  if (folderOf('wrk') === undefined) aptInstall('wrk')
  if (folderOf('wrk') === undefined) throw new Error('The load generator wrk is not installed (no wrk in PATH)')
}

async function lastLine([program, ...args]: readonly [string, ...string[]], input: string): Promise<string> {
  const running = promisify(execFile)(program, args)
  running.child.stdin?.end(`${input}\n`)
  return (await running).stdout.trim().split('\n').at(-1) ?? ''
}
