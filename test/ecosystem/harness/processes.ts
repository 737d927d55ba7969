import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

/**
 * Runs a program of an application until the test is finished, and resolves to the port that its
 * first line contains.
 */
export async function startProcess(application: string, command: readonly [string, ...string[]]): Promise<number> {
  const [file, ...args] = command
  const { NODE_ENV: _, ...env } = process.env
  const child = spawn(file, args, { cwd: join(import.meta.dirname, '..', application), env, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => end(child))
  for await (const line of createInterface({ input: child.stdout })) return Number(line)
  throw new Error(`${file} exited before it listened`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill()
  await exited
}
