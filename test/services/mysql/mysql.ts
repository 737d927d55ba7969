import { type ChildProcess, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { aptInstall, dataFolder, endProcess, folderOf, freePort, isRoot, launch, userNamed } from '../own-server.ts'

/** A MariaDB for the tests. `remove` deletes everything. */
export interface MysqlServer {
  readonly url: string
  readonly port: number
  /** The process id of the server, for signals such as SIGSTOP. */
  readonly pid: number | undefined
  /** Ends it and all connections. The rows stay. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Starts it again, optionally with other settings. */
  start(settings?: readonly string[]): Promise<void>
  /** Ends it and deletes its data. */
  remove(): Promise<void>
}

interface Instance {
  readonly folder: string
  readonly port: number
  readonly settings: readonly string[]
  readonly options: object
}

/**
 * Starts a server, and installs it first if possible. A string is the reason why it is not
 * available.
 */
export async function startMysql(settings: readonly string[] = []): Promise<MysqlServer | string> {
  const programs = folderOf('mariadb-install-db') ?? install()
  if (programs === undefined) return 'MariaDB is not installed (no mariadb-install-db in PATH)'
  // The server does not run as root.
  const user = isRoot ? userNamed('mysql') : undefined
  if (isRoot && user === undefined) return 'root cannot run MariaDB without a user `mysql`'
  const folder = dataFolder('mysql', user)
  const options = { cwd: folder, ...user, env: { ...process.env, LC_ALL: 'C' } }
  const own: Instance = { folder, port: await freePort(), settings, options }
  createDatabases(join(programs, 'mariadb-install-db'), own)
  let child = await run(own)
  const stop: MysqlServer['stop'] = (signal = 'SIGTERM') => endProcess(child, signal)
  return {
    url: `mysql://root@127.0.0.1:${own.port}/app`,
    port: own.port,
    get pid() {
      return child.pid
    },
    stop,
    start: async (others = settings) => void (child = await run({ ...own, settings: others })),
    async remove() {
      await stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function createDatabases(program: string, { folder, settings, options }: Instance): void {
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve', ...settings]
  const made = spawnSync(program, ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...how], { ...options, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`)
  // Each folder in the data folder is a database.
  const database = spawnSync('mkdir', ['-p', join(folder, 'data', 'app')], options)
  if (database.status !== 0) throw new Error('the folder of the database could not be made')
}

function run({ folder, port, settings, options }: Instance): Promise<ChildProcess> {
  const at = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 's')}`, `--pid-file=${join(folder, 'p')}`]
  const quick = ['--innodb-flush-log-at-trx-commit=0', '--skip-log-bin', '--innodb-buffer-pool-size=64M', '--max-connections=300']
  const args = ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...at, ...quick, '--skip-name-resolve', ...settings]
  const ping = ['--no-defaults', '-u', 'root', '-h', '127.0.0.1', '-P', String(port), '--connect-timeout=2', 'ping']
  const isReady = (): boolean => spawnSync(join(folderOf('mariadb-admin') ?? '', 'mariadb-admin'), ping).status === 0
  return launch({ program: join(folderOf('mariadbd') ?? '', 'mariadbd'), args, options, isReady, signal: 'SIGKILL' })
}

function install(): string | undefined {
  aptInstall('mariadb-server')
  return folderOf('mariadb-install-db')
}
