import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A PostgreSQL of our own: nothing of it is left when it is stopped. */
export interface PostgresServer {
  readonly url: string
  readonly port: number
  /** Ends it, `fast` by default: every connection is cut. The rows stay for `start`. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  start(): Promise<void>
  /** Ends it for good. */
  remove(): Promise<void>
}

const isRoot = process.getuid?.() === 0

/** Starts a server, installing it first where that can be done. A text says why there is none. */
export async function startPostgres(): Promise<PostgresServer | string> {
  const programs = findPrograms() ?? install()
  if (programs === undefined) return 'PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)'
  // The server refuses to run as root.
  const user = isRoot ? userNamed('postgres') : undefined
  if (isRoot && user === undefined) return 'root cannot run PostgreSQL without a user `postgres`'
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-postgres-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const own = { cwd: folder, ...user, env: { ...process.env, LC_ALL: 'C' } }
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...own, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  let child = await run(programs, folder, port, own)
  const stop: PostgresServer['stop'] = (signal = 'SIGINT') => end(child, signal)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    stop,
    start: async () => void (child = await run(programs, folder, port, own)),
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function run(programs: string, folder: string, port: number, own: object): Promise<ChildProcess> {
  const quick = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300'].flatMap((setting) => ['-c', setting])
  const place = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  const child = spawn(join(programs, 'postgres'), [...place, ...quick], { ...own, stdio: 'ignore' })
  const killed = (): void => void child.kill('SIGQUIT')
  process.once('exit', killed)
  child.once('exit', () => process.off('exit', killed))
  for (const until = Date.now() + 15_000; Date.now() < until; ) {
    if (spawnSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0) return child
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  throw new Error('PostgreSQL did not start')
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** The folder of the newest PostgreSQL there is. */
function findPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = isThere(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')]
  return folders.find((folder) => isThere(join(folder, 'initdb')))
}

function install(): string | undefined {
  if (!isRoot || !isThere('/usr/bin/apt-get')) return undefined
  // RUNLEVEL keeps the package from starting a server of the machine's own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const aptGet = (...args: string[]): boolean =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: 'ignore' }).status === 0
  const installed = (): boolean => aptGet('install', '-y', '--no-install-recommends', 'postgresql')
  if (!installed() && aptGet('update')) installed()
  return findPrograms()
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function userNamed(name: string): { readonly uid: number; readonly gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
