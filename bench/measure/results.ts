import type { GrowthPoint } from '../experiments/growth.ts'
import type { ImportCost } from '../experiments/imports.ts'
import type { MemoryCost } from '../experiments/memory.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Round } from './cell.ts'

/** The machine and the parameters of a run. */
export interface RunEnvironment {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  readonly pinned: boolean
  /**
   * Whether an idle core of a virtual machine polls for work instead of halting, so that no
   * response pays for waking it up.
   */
  readonly polling: boolean
  /** The versions of everything that was measured. */
  readonly versions: Readonly<Record<string, string>>
}

/** The rounds of one candidate under one workload, in order. */
export interface CellResult {
  readonly candidate: string
  readonly workload: WorkloadName
  readonly rounds: readonly Round[]
}

export interface Experiments {
  readonly growth: readonly GrowthPoint[]
  readonly memory: readonly MemoryCost[]
  readonly imports: readonly ImportCost[]
}

/** The results of a run. */
export interface Results {
  readonly environment: RunEnvironment
  readonly cells: readonly CellResult[]
  readonly experiments: Experiments
}
