import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onCore } from './cores.ts'

/** A child process of the bench that responds to messages over IPC, one at a time. */
export interface Child {
  request<Result>(message: object): Promise<Result>
  /** Its first message. */
  readonly ready: unknown
  stop(): Promise<void>
}

/** Maximum time until a message of a child, in milliseconds. */
const TIMEOUT = 1_800_000

/** Starts a child process on the core of the servers. */
export async function startChild(file: string, args: readonly string[] = [], nodeOptions: readonly string[] = []): Promise<Child> {
  const [program, ...rest] = onCore('server', [process.execPath, ...nodeOptions, file, ...args])
  const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } })
  const ready = await nextMessage(child)
  return {
    ready,
    request: async <Result>(message: object) => {
      child.send(message)
      return (await nextMessage(child)) as Result
    },
    async stop() {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const done = new AbortController()
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(TIMEOUT)])
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`A child process of the bench exited with code ${code}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  } finally {
    ended.catch(() => undefined)
    done.abort()
  }
}
