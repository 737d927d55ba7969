import { availableParallelism } from 'node:os'
import { folderOf } from '../../test/services/own-server.ts'

/** Servers and load are bound to a core each where that can be done, so that they do not take each other's time. */
const CORES = { server: '0', load: '1' } as const

export const isPinned: boolean = availableParallelism() > 1 && folderOf('taskset') !== undefined

/** The command that runs a command on its core. */
export function onCore(core: keyof typeof CORES, command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return isPinned ? ['taskset', '-c', CORES[core], ...command] : command
}
