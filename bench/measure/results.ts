import type { ImportCost } from '../experiments/imports.ts'
import type { GrowthPoint } from '../experiments/growth.ts'
import type { MemoryCost } from '../experiments/memory.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Round } from './cell.ts'

/** Where and how it was measured. */
export interface RunEnvironment {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly node: string
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  readonly pinned: boolean
  /** Whether an idle core of a virtual machine looks for work instead of halting: then nobody pays for waking it up. */
  readonly polling: boolean
  /** The versions of everything that was measured. */
  readonly versions: Readonly<Record<string, string>>
}

/** The rounds of one candidate under one workload, in the order they were run. */
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

/** What a run leaves behind. */
export interface Results {
  readonly environment: RunEnvironment
  readonly cells: readonly CellResult[]
  readonly experiments: Experiments
}
