import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const SERVER = fileURLToPath(new URL('server.ts', import.meta.url))

/** How a server differs from others. */
export interface ServerSetting {
  /** Milliseconds by which its clock is ahead. */
  readonly clock: number
  readonly merging: boolean
}

/** A server process that can be killed and restarted. */
export class ServerProcess {
  readonly #arguments: readonly string[]
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined
  #port: Promise<number>

  constructor(location: string, { clock, merging }: ServerSetting = { clock: 0, merging: true }) {
    this.#arguments = [location, String(clock), ...(merging ? [] : ['workers'])]
    this.#port = this.#start()
  }

  /** The port, as soon as the server listens. */
  get port(): Promise<number> {
    return this.#port
  }

  /** Kills it whatever it is doing, and starts it again. */
  async killAndRestart(): Promise<void> {
    await this.stop('SIGKILL')
    this.#port = this.#start()
    await this.#port
  }

  /** Sends a signal and waits for the exit; returns the exit code. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | undefined> {
    await this.#port
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? undefined
    const exited = once(child, 'exit')
    child.kill(signal)
    const [code] = (await exited) as [number | null]
    return code ?? undefined
  }

  async #start(): Promise<number> {
    const child = spawn(process.execPath, ['--no-warnings', SERVER, ...this.#arguments], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    for await (const line of createInterface(child.stdout)) return Number(line)
    throw new Error(`A server process exited before it listened (exit code ${child.exitCode})`)
  }
}
