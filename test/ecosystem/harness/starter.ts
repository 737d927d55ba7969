import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../../..')

/** A starter that was copied next to the packages of its application. */
export class Starter {
  readonly folder: string
  /** The port of its server, which some frameworks need for the build. */
  readonly port: string
  readonly #packages: string
  readonly #processes: ChildProcess[] = []

  private constructor(folder: string, packages: string, port: string) {
    this.folder = folder
    this.port = port
    this.#packages = packages
  }

  /**
   * Copies the starter of a framework, the races, and the overlay of its tests. `application` is the
   * folder in test/ecosystem that has the overlay and the packages.
   */
  static async prepare(framework: string, application: string = framework): Promise<Starter> {
    const packages = join(ROOT, 'test/ecosystem', application)
    const folder = await mkdtemp(join(packages, '.app-'))
    for (const source of [`examples/starters/${framework}`, 'test/ecosystem/harness/overlay', `test/ecosystem/${application}/overlay`])
      await cp(join(ROOT, source), folder, { recursive: true, filter: (path) => !/node_modules|\.next|\.db/.test(path.slice(ROOT.length)) })
    return new Starter(folder, packages, String(await freePort()))
  }

  get origin(): string {
    return `http://localhost:${this.port}`
  }

  /** The file of its `SqliteStore`. */
  get database(): string {
    return join(this.folder, 'sessions.db')
  }

  /** Runs a script of a package to its end. Rejects with its output when it fails. */
  async run(bin: string, ...args: readonly string[]): Promise<void> {
    const { child, output } = this.#spawn(bin, args, {}, process.execPath)
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`${bin} ${args.join(' ')} exited with ${code}:\n${output()}`)
  }

  /**
   * Starts a server with a script of a package or of the starter, in Node or in another runtime;
   * resolves to its origin as soon as it answers.
   */
  async serve(
    bin: string,
    args: readonly string[] = [],
    environment: NodeJS.ProcessEnv = {},
    runtime: string = process.execPath,
  ): Promise<string> {
    const { child, output } = this.#spawn(bin, args, environment, runtime)
    while (!(await answers(this.origin))) {
      if (child.exitCode !== null) throw new Error(`${bin} exited with ${child.exitCode}:\n${output()}`)
      await setTimeout(100)
    }
    return this.origin
  }

  /** Ends the processes at once. Some servers would wait for the idle connections of their clients. */
  async end(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue
      const exited = once(child, 'exit')
      process.kill(-child.pid, 'SIGKILL')
      await exited
    }
  }

  async remove(): Promise<void> {
    await this.end()
    await rm(this.folder, { recursive: true, force: true })
  }

  #spawn(
    bin: string,
    args: readonly string[],
    environment: NodeJS.ProcessEnv,
    runtime: string,
  ): { child: ChildProcess; output: () => string } {
    const child = spawn(runtime, [bin.startsWith('.') ? bin : join(this.#packages, 'node_modules', bin), ...args], {
      cwd: this.folder,
      detached: true, // a separate process group, so that it ends with the processes that it starts
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        PORT: this.port,
        ORIGIN: this.origin,
        NEXT_TELEMETRY_DISABLED: '1',
        NUXT_TELEMETRY_DISABLED: '1',
        ...environment,
      },
    })
    this.#processes.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    return { child, output: () => output }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function answers(origin: string): Promise<boolean> {
  const response = await fetch(origin, { redirect: 'manual' }).catch(() => undefined)
  await response?.text()
  return response !== undefined
}
