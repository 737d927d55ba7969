import { type ChildProcess, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { aptInstall, dataFolder, endProcess, folderOf, freePort, launch } from '../own-server.ts'

/** A Redis for the tests. `remove` deletes everything. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** The process id of the server, for signals such as SIGSTOP. */
  readonly pid: number | undefined
  /** Ends it, which deletes every key. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  start(): Promise<void>
  /** Sends a command through a separate client. */
  command(...args: string[]): string
  /** Ends it and deletes its data. */
  remove(): Promise<void>
}

/**
 * Starts a server, and installs it first if possible. A string is the reason why it is not
 * available.
 */
export async function startRedis(...settings: readonly string[]): Promise<RedisServer | string> {
  const programs = redisPrograms()
  if (programs === undefined) return 'Redis is not installed (no redis-server in PATH)'
  const folder = dataFolder('redis')
  const port = await freePort()
  let child = await run(programs, folder, port, settings)
  const stop: RedisServer['stop'] = (signal = 'SIGTERM') => endProcess(child, signal)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid
    },
    stop,
    start: async () => void (child = await run(programs, folder, port, settings)),
    command: (...args) => command(programs, port, args),
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Returns the folder of the programs of Redis, which are installed first if possible. */
export function redisPrograms(): string | undefined {
  if (folderOf('redis-server') === undefined) aptInstall('redis-server')
  return folderOf('redis-server')
}

function run(programs: string, folder: string, port: number, settings: readonly string[]): Promise<ChildProcess> {
  const volatile = ['--save', '', '--appendonly', 'no']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...volatile, ...settings]
  const isReady = (): boolean => command(programs, port, ['ping']) === 'PONG'
  return launch({ program: join(programs, 'redis-server'), args, options: { cwd: folder }, isReady, signal: 'SIGTERM' })
}

function command(programs: string, port: number, args: readonly string[]): string {
  const { stdout } = spawnSync(join(programs, 'redis-cli'), ['-p', String(port), ...args], { encoding: 'utf8', timeout: 5000 })
  return stdout.trim()
}
