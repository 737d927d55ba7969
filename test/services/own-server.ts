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

/** Whether a program is there. */
export function isThere(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The first folder that has the program: of `folders`, then of PATH and where Debian keeps what only root starts. */
export function folderOf(program: string, folders: readonly string[] = []): string | undefined {
  return [...folders, ...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/bin'].find((folder) => isThere(join(folder, program)))
}

/** Installs packages of Debian's where that can be done. No server of the machine's own is started by it. */
export function aptInstall(...packages: readonly string[]): void {
  if (!isRoot || !isThere('/usr/bin/apt-get')) return
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

/** A new folder for a server's data. */
export function dataFolder(name: string, owner?: SystemUser): string {
  const folder = mkdtempSync(join(tmpdir(), `sojourn-${name}-`))
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid)
  return folder
}

/** Below those that the system takes for outgoing connections. */
const [FIRST_PORT, PORTS] = [12_000, 20_000]
const given = new Set<number>()

/** A port for a server that is about to start. Nobody gets it twice, and no connection takes it meanwhile. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
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

/** How a server is started, and how it is told that it is there. */
export interface Start {
  readonly program: string
  readonly args: readonly string[]
  readonly options: SpawnOptions
  readonly isReady: () => boolean | Promise<boolean>
  /** What ends it when the tests end before they could. */
  readonly signal: NodeJS.Signals
}

/** Starts a server and waits until it is ready. It does not outlive the tests. */
export async function launch({ program, args, options, isReady, signal }: Start): Promise<ChildProcess> {
  const child = spawn(program, args, { ...options, stdio: 'ignore' })
  const killed = (): void => void child.kill(signal)
  process.once('exit', killed)
  child.once('exit', () => process.off('exit', killed))
  for (const until = Date.now() + 15_000; Date.now() < until; ) {
    if (await isReady()) return child
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  child.kill('SIGKILL')
  throw new Error(`${program} did not start`)
}

/** Ends a server and waits for its end. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  child.kill('SIGCONT') // one that was stopped hears nothing else
  await exited
}
