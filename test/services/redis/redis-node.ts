import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from 'redis'
import { dataFolder, endProcess, freePort, launch } from '../own-server.ts'
import { redisPrograms } from './redis.ts'

const HOST = '127.0.0.1'

/** No persistence, and replicas are synchronized at once. */
export const TEST_SETTINGS: readonly string[] = [
  '--bind',
  HOST,
  '--save',
  '',
  '--appendonly',
  'no',
  '--repl-diskless-sync',
  'yes',
  '--repl-diskless-sync-delay',
  '0',
]

type Admin = ReturnType<typeof newAdmin>

/**
 * A process of `redis-server` in a Cluster or under Sentinels. It keeps its port when it is
 * restarted.
 */
export class RedisNode {
  readonly host: string = HOST
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  readonly #folder: string
  #child: ChildProcess | undefined
  #admin: Admin | undefined

  private constructor(program: string, port: number, folder: string, args: readonly string[]) {
    this.#program = program
    this.port = port
    this.#folder = folder
    this.#args = [...args, '--port', String(port), '--dir', folder]
  }

  /** Starts a process. `argsIn` returns its arguments, a configuration file first. */
  static async start(argsIn: (folder: string) => readonly string[]): Promise<RedisNode> {
    const folder = dataFolder('redis')
    const node = new RedisNode(join(redisPrograms() ?? '', 'redis-server'), await freePort(), folder, argsIn(folder))
    await node.start()
    return node
  }

  /** Starts it again without data. It keeps its role in the Cluster. */
  async start(): Promise<void> {
    const options = { cwd: this.#folder }
    const isReady = (): Promise<boolean> => this.command('PING').then(() => true, no)
    this.#child = await launch({ program: this.#program, args: this.#args, options, isReady, signal: 'SIGKILL' })
  }

  /** Sends a command through a separate client. */
  async command<T = unknown>(...args: readonly string[]): Promise<T> {
    this.#admin ??= await connected(this.port)
    try {
      return await this.#admin.sendCommand<T>([...args])
    } catch (error) {
      if (!this.#admin?.isReady) this.#admin = undefined
      throw error
    }
  }

  /** Returns the lines of `INFO section` by name. */
  async info(section: string): Promise<Readonly<Record<string, string>>> {
    const text = await this.command<string>('INFO', section)
    return Object.fromEntries(text.split('\r\n').map((line) => line.split(/:(.*)/).slice(0, 2)))
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    this.#admin?.destroy()
    this.#admin = undefined
    if (this.#child !== undefined) await endProcess(this.#child, 'SIGKILL')
  }

  /** Stops it: it does not reply, and its connections stay open. */
  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Waits until a condition holds, up to a limit. A rejection counts as `false`. */
export async function until(what: string, holds: () => Promise<boolean>, limit = 30_000): Promise<void> {
  for (const end = Date.now() + limit; Date.now() < end; ) {
    if (await holds().catch(no)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what} took longer than ${limit} ms`)
}

async function connected(port: number): Promise<Admin> {
  const admin = newAdmin(port)
  // The commands reject with the error.
  admin.on('error', () => undefined)
  await admin.connect()
  return admin
}

function newAdmin(port: number) {
  return createClient({ socket: { host: HOST, port, reconnectStrategy: false, connectTimeout: 1000 }, RESP: 2 })
}

function no(): false {
  return false
}

/** Returns the server, or `undefined` if it is not available. In CI that is an error. */
export function orSkip<T extends object>(server: T | string): T | undefined {
  if (typeof server !== 'string') return server
  if (process.env['CI'] !== undefined) throw new Error(`The tests of Redis cannot run: ${server}`)
  console.warn(`Tests of Redis are skipped: ${server}`)
  return undefined
}
