import { startChild } from '../measure/pinned-child.ts'

/** Bytes of memory for each session of `SESSIONS.small`. */
export interface Weight {
  readonly store: string
  readonly sessions: number
  readonly bytes: number
}

const PROCESS = new URL('./memory-process.ts', import.meta.url).pathname

export async function weight(sessions: number): Promise<readonly Weight[]> {
  const weights: Weight[] = []
  for (const store of ['sojourn', 'express-session']) {
    const child = await startChild(PROCESS, [store, String(sessions)], ['--expose-gc', '--max-old-space-size=8192'])
    weights.push({ store, sessions, bytes: child.hello as number })
    await child.stop()
  }
  return weights
}
