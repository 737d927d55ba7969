import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { App } from './browser.ts'

/** Starts a Django with these settings in a child process, which ends with this process. */
export async function startDjango(python: string, settings: Readonly<Record<string, unknown>>): Promise<App> {
  const script = join(import.meta.dirname, 'django_app.py')
  const child = spawn(python, [script, JSON.stringify(settings)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  for await (const port of createInterface(child.stdout)) {
    return {
      url: `http://127.0.0.1:${port}/`,
      async close() {
        child.stdin.end()
        await exited
      },
    }
  }
  throw new Error('Django did not start. Its error message is printed above.')
}
