import type { Candidate } from './candidates.ts'
import type { WorkloadName } from './workloads.ts'

/** What sojourn is to reach. */
export interface Target {
  readonly says: string
  /** `extra`: CPU time a request over the bare framework. */
  readonly measure: 'extra' | 'perSecond' | 'operations'
  readonly of: 'sojourn' | 'sojourn lazy'
  /**
   * What it is measured against, on the same framework: `peers`, the best of them on the same store; `floor`, the server written by hand on
   * the same store; `nothing`, and then the limit is a figure and not a multiple.
   */
  readonly beside: 'peers' | 'floor' | 'nothing'
  readonly workloads: readonly WorkloadName[]
  /** Every store, where there is none. */
  readonly stores?: readonly Candidate['store'][]
  readonly most?: number
  readonly least?: number
}

const EXTRA = { measure: 'extra', of: 'sojourn' } as const
const OPERATIONS = { measure: 'operations', of: 'sojourn', beside: 'nothing' } as const
const FLOOR_STORES = ['memory', 'sqlite', 'redis'] as const

export const TARGETS: readonly Target[] = [
  { ...EXTRA, says: 'at most half of the best peer', beside: 'peers', workloads: ['W1', 'W2', 'W3', 'W5'], most: 0.5 },
  { ...EXTRA, says: 'at most a quarter of the best peer', beside: 'peers', workloads: ['W6'], most: 0.25 },
  { ...EXTRA, says: 'within 10 µs of bare', beside: 'nothing', workloads: ['W4'], most: 10 },
  { ...EXTRA, says: 'within 10 µs of bare with `lazy: true`', of: 'sojourn lazy', beside: 'nothing', workloads: ['W2'], most: 10 },
  { ...EXTRA, says: 'at most 1.3 × by hand', beside: 'floor', stores: FLOOR_STORES, workloads: ['W1', 'W3'], most: 1.3 },
  { ...EXTRA, says: 'less than by hand', beside: 'floor', stores: FLOOR_STORES, workloads: ['W6'], most: 1 },
  { ...EXTRA, says: 'at most a quarter of connect-pg-simple', beside: 'peers', stores: ['postgres'], workloads: ['W1', 'W3'], most: 0.25 },
  { ...EXTRA, says: 'at most 0.6 × by hand', beside: 'floor', stores: ['postgres'], workloads: ['W1', 'W3'], most: 0.6 },
  {
    says: 'at least 4 × the throughput of connect-pg-simple',
    measure: 'perSecond',
    of: 'sojourn',
    beside: 'peers',
    stores: ['postgres'],
    workloads: ['W1', 'W3'],
    least: 4,
  },
  {
    says: 'at least 5 × the throughput of commits that each wait for the disk alone',
    measure: 'perSecond',
    of: 'sojourn',
    beside: 'floor',
    stores: ['sqlite-full'],
    workloads: ['W3'],
    least: 5,
  },
  { ...OPERATIONS, says: 'one store operation', workloads: ['W1', 'W2', 'W5'], most: 1 },
  { ...OPERATIONS, says: 'two store operations', workloads: ['W3', 'W6'], most: 2 },
  { ...OPERATIONS, says: 'no store operation', workloads: ['W4'], most: 0 },
  { ...OPERATIONS, says: 'no store operation with `lazy: true`', of: 'sojourn lazy', workloads: ['W2'], most: 0 },
]
