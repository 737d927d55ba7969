import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { aptInstall, folderOf } from '../../test/services/own-server.ts'
import { onCore } from './cores.ts'

/** Options of a load. */
export interface LoadOptions {
  readonly url: string
  /** `Cookie` headers that the requests use in turns; `''` for none. */
  readonly cookies: readonly string[]
  readonly connections: number
  /** Duration in whole seconds. */
  readonly seconds: number
}

/** The result of a load. */
export interface LoadResult {
  /** Responses with a 2xx or 3xx status. */
  readonly succeeded: number
  /** Responses with another status. */
  readonly refused: number
  /** Requests whose connection ended before the response, or that timed out. */
  readonly lost: number
  readonly perSecond: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Bytes of one response, head and body. */
  readonly bytes: number
}

/** The output of `load.lua`: all bytes, and microseconds. */
type WrkOutput = Omit<LoadResult, 'perSecond'> & { readonly micros: number }

const SCRIPT = new URL('./load.lua', import.meta.url).pathname

/**
 * Sends requests as fast as the server responds. wrk is much faster than all of the servers, so it
 * does not limit any of them.
 */
export async function load({ url, cookies, connections, seconds }: LoadOptions): Promise<LoadResult> {
  const command = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', SCRIPT, url] as const
  const { succeeded, refused, micros, bytes, ...rest } = JSON.parse(
    await lastLine(onCore('load', command), cookies.join('\n')),
  ) as WrkOutput
  return { ...rest, succeeded, refused, perSecond: (succeeded * 1e6) / micros, bytes: bytes / Math.max(1, succeeded + refused) }
}

/** Throws if wrk is missing and cannot be installed. */
export function requireWrk(): void {
  if (folderOf('wrk') === undefined) aptInstall('wrk')
  if (folderOf('wrk') === undefined) throw new Error('The load generator wrk was not found in PATH and could not be installed. Install it.')
}

async function lastLine([program, ...args]: readonly [string, ...string[]], input: string): Promise<string> {
  const running = promisify(execFile)(program, args)
  running.child.stdin?.end(`${input}\n`)
  return (await running).stdout.trim().split('\n').at(-1) ?? ''
}
