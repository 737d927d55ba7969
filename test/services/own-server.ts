import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const isRoot: boolean = process.getuid?.() === 0

export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** Whether a file exists and is executable. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Returns the first folder with the program: of `folders`, PATH, and the folders of Debian for
 * system programs.
 */
export function folderOf(program: string, folders: readonly string[] = []): string | undefined {
  return [...folders, ...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin'].find((folder) =>
    isExecutable(join(folder, program)),
  )
}

/** Installs Debian packages if possible. This starts no server. */
export function aptInstall(...packages: readonly string[]): void {
  if (!isRoot || !isExecutable('/usr/bin/apt-get')) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const aptGet = (...args: string[]): boolean =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], { env, stdio: 'ignore' }).status === 0
  const installed = (): boolean => aptGet('install', '-y', '--no-install-recommends', ...packages)
  if (!installed() && aptGet('update')) installed()
}

export function userNamed(name: string): SystemUser | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${name}:`))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

/** Creates a folder for the data of a server. */
export function dataFolder(name: string, owner?: SystemUser): string {
  const folder = mkdtempSync(join(tmpdir(), `sojourn-${name}-`))
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** Below the ports that the system uses for outgoing connections. */
const [FIRST_PORT, PORTS] = [12_000, 20_000]
const usedPorts = new Set<number>()

/** Returns a free port. No port is returned twice. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if (usedPorts.has(port) || !(await isFree(port))) continue
    usedPorts.add(port)
    return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

/** Options of `launch`. */
export interface LaunchOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
  readonly isReady: () => boolean | Promise<boolean>
  /** The signal that ends the server if the tests exit early. */
  readonly signal: NodeJS.Signals
}

/** Starts a server and waits until it is ready. It ends with the tests. */
export async function launch({ program, args, options, isReady, signal }: LaunchOptions): Promise<ChildProcess> {
  const child = spawn(program, args, { ...options, stdio: 'ignore' })
  const kill = (): void => void child.kill(signal)
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  for (const until = Date.now() + 15_000; Date.now() < until; ) {
    if (await isReady()) return child
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  child.kill('SIGKILL')
  throw new Error(`${program} did not start`)
}

/** Ends a process and waits until it has exited. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  child.kill('SIGCONT') // a stopped process does not handle other signals
  await exited
}
