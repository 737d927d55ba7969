import type { Analysis } from './analysis.ts'
import type { Exchange } from './history.ts'

/** Something that must not happen, and the request that saw it. */
export interface Anomaly {
  readonly name: string
  readonly request: number | undefined
  readonly detail: string
}

/** Looks for one kind of anomaly. */
export type Check = (analysis: Analysis) => Anomaly[]

export function anomaly(name: string, exchange: Exchange | undefined, detail: string): Anomaly {
  return { name, request: exchange?.script.number, detail }
}

/** Returns one anomaly if the condition holds, otherwise none. */
export function anomalyIf(condition: boolean, make: () => Anomaly): Anomaly[] {
  return condition ? [make()] : []
}
