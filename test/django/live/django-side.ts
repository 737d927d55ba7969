import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Side } from './deed.ts'

/** Starts a Django with these settings, in a process of its own that ends with this one. */
export async function startDjango(python: string, settings: Readonly<Record<string, unknown>>): Promise<Side> {
  const child = spawn(python, [join(import.meta.dirname, 'lab.py'), JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  for await (const port of createInterface(child.stdout)) {
    return {
      url: `http://127.0.0.1:${port}/`,
      async close() {
        child.stdin.end()
        await ended
      },
    }
  }
  throw new Error('Django did not start; its own message stands above.')
}
