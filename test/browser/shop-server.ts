import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RunningShop {
  readonly url: string
  readonly database: string
  stop(): Promise<void>
}

const SERVER = join(import.meta.dirname, '../../examples/shop/src/server.ts')

/** Starts the shop as `npm start` does, on a free port and with a new database. Needs a build. */
export async function startShop(): Promise<RunningShop> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-shop-'))
  const database = join(folder, 'sessions.db')
  const env = { ...process.env, PORT: '0', SESSIONS_DB: database, NODE_ENV: 'development' }
  const child = spawn(process.execPath, [SERVER], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\/\/localhost:\d+/.exec(line)?.[0]
    if (url !== undefined) return { url, database, stop }
  }
  throw new Error('The shop did not start. Its error is printed above.')

  async function stop(): Promise<void> {
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  }
}
