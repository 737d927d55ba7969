import { type ChildProcess, spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { aptInstall, dataFolder, end, folderOf, freePort, isRoot, launch, userNamed } from '../own-server.ts'

/** A MariaDB of our own: nothing of it is left when it is removed. */
export interface MysqlServer {
  readonly url: string
  readonly port: number
  /** Of the server, for signals such as SIGSTOP. */
  readonly pid: number | undefined
  /** Ends it; every connection is cut. The rows stay for `start`. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  /** Perhaps with other settings than before. */
  start(settings?: readonly string[]): Promise<void>
  /** Ends it for good. */
  remove(): Promise<void>
}

interface Own {
  readonly folder: string
  readonly port: number
  readonly settings: readonly string[]
  readonly options: object
}

/** Starts a server, installing it first where that can be done. A text says why there is none. */
export async function startMysql(settings: readonly string[] = []): Promise<MysqlServer | string> {
  const programs = folderOf('mariadb-install-db') ?? install()
  if (programs === undefined) return 'MariaDB is not installed (no mariadb-install-db in PATH)'
  // The server refuses to run as root.
  const user = isRoot ? userNamed('mysql') : undefined
  if (isRoot && user === undefined) return 'root cannot run MariaDB without a user `mysql`'
  const folder = dataFolder('mysql', user)
  const options = { cwd: folder, ...user, env: { ...process.env, LC_ALL: 'C' } }
  const own: Own = { folder, port: await freePort(), settings, options }
  createDatabases(join(programs, 'mariadb-install-db'), own)
  let child = await run(own)
  const stop: MysqlServer['stop'] = (signal = 'SIGTERM') => end(child, signal)
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

function createDatabases(program: string, { folder, settings, options }: Own): void {
  const how = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve', ...settings]
  const made = spawnSync(program, ['--no-defaults', `--datadir=${join(folder, 'data')}`, ...how], { ...options, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`mariadb-install-db failed: ${made.stdout}${made.stderr}`)
  // A folder in the folder of the data is a database.
  const database = spawnSync('mkdir', ['-p', join(folder, 'data', 'app')], options)
  if (database.status !== 0) throw new Error('the folder of the database could not be made')
}

function run({ folder, port, settings, options }: Own): Promise<ChildProcess> {
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
