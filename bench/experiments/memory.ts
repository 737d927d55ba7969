import { startChild } from '../measure/pinned-child.ts'

/** Bytes of memory per session of `SESSIONS.small`. */
export interface MemoryCost {
  readonly store: string
  readonly sessions: number
  readonly bytes: number
}

const PROCESS = new URL('./memory-process.ts', import.meta.url).pathname

export async function measureMemory(sessions: number): Promise<readonly MemoryCost[]> {
  const costs: MemoryCost[] = []
  for (const store of ['sojourn', 'express-session']) {
    const child = await startChild(PROCESS, [store, String(sessions)], ['--expose-gc', '--max-old-space-size=8192'])
    costs.push({ store, sessions, bytes: child.ready as number })
    await child.stop()
  }
  return costs
}
