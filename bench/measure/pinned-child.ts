import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { onCore } from './cores.ts'

/** A process of the bench that is asked over IPC, one question at a time. */
export interface Child {
  ask<Answer>(question: object): Promise<Answer>
  /** Its first words. */
  readonly ready: unknown
  stop(): Promise<void>
}

/** How long a child may take for its answer, in milliseconds. */
const TIMEOUT = 1_800_000

/** On the core of the servers. */
export async function startChild(file: string, args: readonly string[] = [], nodeOptions: readonly string[] = []): Promise<Child> {
  const [program, ...rest] = onCore('server', [process.execPath, ...nodeOptions, file, ...args])
  const child = spawn(program, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production' } })
  const hello = await nextMessage(child)
  return {
    ready,
    ask: async <Answer>(question: object) => {
      child.send(question)
      return (await nextMessage(child)) as Answer
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
    throw new Error(`A process of the bench ended with ${code}`)
  })
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal }), ended])
    return answer
  } finally {
    ended.catch(() => undefined)
    done.abort()
  }
}
