import type { Loading } from '../experiments/imports.ts'
import type { Grown } from '../experiments/growth.ts'
import type { Weight } from '../experiments/memory.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Round } from './cell.ts'

/** Where and how it was measured. */
export interface Circumstances {
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
export interface MeasuredCell {
  readonly candidate: string
  readonly workload: WorkloadName
  readonly rounds: readonly Round[]
}

export interface Experiments {
  readonly growth: readonly Grown[]
  readonly weight: readonly Weight[]
  readonly frontDoor: readonly Loading[]
}

/** What a run leaves behind. */
export interface Measured {
  readonly circumstances: Circumstances
  readonly cells: readonly MeasuredCell[]
  readonly experiments: Experiments
}
