import type { Chains } from './analysis.ts'
import type { Exchange } from './history.ts'

/** Something that must not happen, and who saw it. */
export interface Anomaly {
  readonly name: string
  readonly request: number | undefined
  readonly detail: string
}

/** Looks for one kind of anomaly. */
export type Check = (chains: Chains) => Anomaly[]

export function anomaly(name: string, exchange: Exchange | undefined, detail: string): Anomaly {
  return { name, request: exchange?.script.number, detail }
}

/** The first, if the condition holds. */
export function found(condition: boolean, make: () => Anomaly): Anomaly[] {
  return condition ? [make()] : []
}
