import { type ChildProcess, spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { aptInstall, dataFolder, endProcess, folderOf, freePort, isExecutable, isRoot, launch, userNamed } from '../own-server.ts'

/** A PostgreSQL for the tests. `remove` deletes everything. */
export interface PostgresServer {
  readonly url: string
  readonly port: number
  /** The process id of the server, for signals such as SIGSTOP. */
  readonly pid: number | undefined
  /** Ends it and all connections, with the mode `fast` by default. The rows stay. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  start(): Promise<void>
  /** Ends it and deletes its data. */
  remove(): Promise<void>
}

/** Fast settings without durability. */
const QUICK = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=300']

/**
 * Starts a server, and installs it first if possible. A string is the reason why it is not
 * available.
 */
export async function startPostgres(settings: readonly string[] = QUICK): Promise<PostgresServer | string> {
  const programs = findPrograms() ?? install()
  if (programs === undefined) return 'PostgreSQL is not installed (no initdb in PATH or /usr/lib/postgresql)'
  // The server does not run as root.
  const user = isRoot ? userNamed('postgres') : undefined
  if (isRoot && user === undefined) return 'root cannot run PostgreSQL without a user `postgres`'
  const folder = dataFolder('postgres', user)
  const own = { cwd: folder, ...user, env: { ...process.env, LC_ALL: 'C' } }
  const made = spawnSync(
    join(programs, 'initdb'),
    ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...own, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const launched = (): Promise<ChildProcess> => run({ programs, folder, port, settings }, own)
  let child = await launched()
  const stop: PostgresServer['stop'] = (signal = 'SIGINT') => endProcess(child, signal)
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    get pid() {
      return child.pid
    },
    stop,
    start: async () => void (child = await launched()),
    async remove() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Instance {
  readonly programs: string
  readonly folder: string
  readonly port: number
  readonly settings: readonly string[]
}

function run({ programs, folder, port, settings }: Instance, options: object): Promise<ChildProcess> {
  const set = settings.flatMap((setting) => ['-c', setting])
  const place = ['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  const isReady = (): boolean => spawnSync(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0
  return launch({ program: join(programs, 'postgres'), args: [...place, ...set], options, isReady, signal: 'SIGQUIT' })
}

/** Returns the folder of the newest installed PostgreSQL. */
function findPrograms(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = isExecutable(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  return folderOf(
    'initdb',
    versions.map((version) => join(root, version, 'bin')),
  )
}

function install(): string | undefined {
  aptInstall('postgresql')
  return findPrograms()
}
