import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { Miniflare } from 'miniflare'

/** A server in a runtime; disposing of it ends its process. */
export interface Running extends AsyncDisposable {
  readonly port: number
  /** The version that the runtime reports. */
  readonly version: string
}

export interface Runtime {
  readonly name: string
  start(framework: string, database?: string): Promise<Running>
}

const root = join(import.meta.dirname, '../../..')
const servers = join(root, 'test/runtimes/servers')
const modules = join(root, 'node_modules')
// Without this option Bun follows the paths of our tsconfig.json to the sources, but the built
// package must be tested.
const tsconfig = `--tsconfig-override=${join(root, 'test/runtimes/bun.tsconfig.json')}`
const bun = join(modules, '.bin/bun')

export const runtimes: readonly Runtime[] = [
  processRuntime('Node 22', [join(modules, 'node22/bin/node')]),
  processRuntime('Node 24', [join(modules, 'node/bin/node')]),
  processRuntime('Node 26', [join(modules, 'node26/bin/node')]),
  processRuntime('Bun', [bun, tsconfig]),
  processRuntime('Deno', [join(modules, '.bin/deno'), 'run', '--allow-all']),
  { name: 'workerd', start: startWorkerd },
]

function processRuntime(name: string, command: readonly [string, ...string[]]): Runtime {
  return {
    name,
    async start(framework, database = 'memory') {
      const [file, ...args] = command
      const { NODE_ENV: _, ...env } = process.env
      const child = spawn(file, [...args, join(servers, 'main.ts'), framework, database], {
        cwd: root,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const started = JSON.parse(await firstLine(child)) as { readonly port: number; readonly version: string }
      return { ...started, [Symbol.asyncDispose]: () => end(child) }
    },
  }
}

/**
 * Returns the first line of the server's output. If the server exits first, the error contains its
 * stderr.
 */
async function firstLine({ stdout, stderr }: ChildProcess): Promise<string> {
  let errorOutput = ''
  stderr?.setEncoding('utf8').on('data', (text: string) => (errorOutput += text))
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream })) return line
  throw new Error(`The server process exited before it listened: ${errorOutput}`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

async function startWorkerd(framework: string, store = 'memory'): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-workerd-'))
  const script = join(folder, 'worker.js')
  const conditions = ['--target=browser', '--conditions=workerd', '--format=esm', '--external=node:*']
  await promisify(execFile)(bun, ['build', tsconfig, ...conditions, `--outfile=${script}`, join(servers, 'worker.ts')], { cwd: root })
  const miniflare = new Miniflare({
    modules: true,
    modulesRoot: folder,
    scriptPath: script,
    compatibilityFlags: ['nodejs_compat'],
    compatibilityDate: '2026-07-01',
    bindings: { FRAMEWORK: framework, STORE: store },
    host: '127.0.0.1',
    port: 0,
  })
  const { port } = await miniflare.ready
  const { version } = JSON.parse(await readFile(join(modules, 'workerd/package.json'), 'utf8')) as { version: string }
  return {
    port: Number(port),
    version,
    async [Symbol.asyncDispose]() {
      await miniflare.dispose()
      await rm(folder, { recursive: true })
    },
  }
}
