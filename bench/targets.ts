import type { Candidate } from './candidates.ts'
import type { WorkloadName } from './workloads.ts'

/** A performance target of sojourn. */
export interface Target {
  readonly text: string
  /** `extra`: CPU time per request in addition to the bare framework's. */
  readonly measure: 'extra' | 'perSecond' | 'operations'
  readonly of: 'sojourn' | 'sojourn lazy'
  /**
   * The reference on the same framework: `peers`, the best of them on the same store; `floor`, the
   * hand-written server on the same store; `nothing`: the limit is an absolute figure and not a
   * multiple.
   */
  readonly reference: 'peers' | 'floor' | 'nothing'
  readonly workloads: readonly WorkloadName[]
  /** Default: every store. */
  readonly stores?: readonly Candidate['store'][]
  readonly max?: number
  readonly min?: number
}

const EXTRA = { measure: 'extra', of: 'sojourn' } as const
const OPERATIONS = { measure: 'operations', of: 'sojourn', reference: 'nothing' } as const
const FLOOR_STORES = ['memory', 'sqlite', 'redis'] as const

export const TARGETS: readonly Target[] = [
  { ...EXTRA, text: 'at most half of the best peer', reference: 'peers', workloads: ['W1', 'W2', 'W3', 'W5'], max: 0.5 },
  { ...EXTRA, text: 'at most a quarter of the best peer', reference: 'peers', workloads: ['W6'], max: 0.25 },
  { ...EXTRA, text: 'within 10 µs of bare', reference: 'nothing', workloads: ['W4'], max: 10 },
  { ...EXTRA, text: 'within 10 µs of bare with `lazy: true`', of: 'sojourn lazy', reference: 'nothing', workloads: ['W2'], max: 10 },
  { ...EXTRA, text: 'at most 1.3 × the hand-written server', reference: 'floor', stores: FLOOR_STORES, workloads: ['W1', 'W3'], max: 1.3 },
  { ...EXTRA, text: 'less than the hand-written server', reference: 'floor', stores: FLOOR_STORES, workloads: ['W6'], max: 1 },
  {
    ...EXTRA,
    text: 'at most a quarter of connect-pg-simple',
    reference: 'peers',
    stores: ['postgres'],
    workloads: ['W1', 'W3'],
    max: 0.25,
  },
  { ...EXTRA, text: 'at most 0.6 × the hand-written server', reference: 'floor', stores: ['postgres'], workloads: ['W1', 'W3'], max: 0.6 },
  {
    text: 'at least 4 × the throughput of connect-pg-simple',
    measure: 'perSecond',
    of: 'sojourn',
    reference: 'peers',
    stores: ['postgres'],
    workloads: ['W1', 'W3'],
    min: 4,
  },
  {
    text: 'at least 5 × the throughput of commits that wait for the disk one by one',
    measure: 'perSecond',
    of: 'sojourn',
    reference: 'floor',
    stores: ['sqlite-full'],
    workloads: ['W3'],
    min: 5,
  },
  { ...OPERATIONS, text: 'one store operation', workloads: ['W1', 'W2'], max: 1 },
  {
    ...OPERATIONS,
    text: 'five store operations: the marks of the user and of the realm, the new row, both marks again',
    workloads: ['W5'],
    max: 5,
  },
  { ...OPERATIONS, text: 'two store operations', workloads: ['W3', 'W6'], max: 2 },
  { ...OPERATIONS, text: 'no store operation', workloads: ['W4'], max: 0 },
  { ...OPERATIONS, text: 'no store operation with `lazy: true`', of: 'sojourn lazy', workloads: ['W2'], max: 0 },
]
