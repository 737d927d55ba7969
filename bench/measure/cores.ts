import { availableParallelism } from 'node:os'
import { folderOf } from '../../test/services/own-server.ts'

/**
 * Servers and the load generator each run on their own core if `taskset` is available, so that they
 * do not share CPU time.
 */
const CORES = { server: '0', load: '1' } as const

export const isPinned: boolean = availableParallelism() > 1 && folderOf('taskset') !== undefined

/** Returns the command that runs a command on its core. */
export function onCore(core: keyof typeof CORES, command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', CORES[core], ...command] : command
}
