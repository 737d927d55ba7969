import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunningExample {
  readonly url: string
  stop(): Promise<void>
}

const START = join(import.meta.dirname, '../../examples/django-and-node/src/start.ts')

/**
 * Starts Django and Node as `npm run start:django` does, on free ports and with a new database.
 * Needs a build.
 */
export async function startExample(python: string): Promise<RunningExample> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-django-and-node-'))
  const env = { ...process.env, PORT: '0', DATABASE: join(folder, 'site.db'), PYTHON: python, NODE_ENV: 'development' }
  const child = spawn(process.execPath, [START], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  const errorOutput: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => errorOutput.push(chunk))
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (url !== undefined) return { url, stop }
  }
  throw new Error(`The example did not start: ${Buffer.concat(errorOutput).toString()}`)

  async function stop(): Promise<void> {
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  }
}
