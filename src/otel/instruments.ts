import type { Counter, Histogram, Meter, MetricOptions, ObservableGauge, ObservableResult } from '@opentelemetry/api'

/** In seconds. The defaults of OpenTelemetry are for milliseconds. */
const BOUNDARIES = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** The metrics of one meter. Their names are documented in docs/telemetry.md. */
export class Instruments {
  readonly durations: Readonly<Record<'load' | 'commit' | 'store', Histogram>>
  readonly events: Counter
  readonly conflicts: Counter
  readonly retries: Counter
  readonly #open: ObservableGauge
  /** How many stores of a manager do not respond, by the name of the manager. */
  readonly #stores = new Map<string, number>()
  readonly #observe = (result: ObservableResult): void => {
    for (const [manager, count] of this.#stores) result.observe(count, { 'sojourn.manager': manager })
  }

  constructor(meter: Meter) {
    const duration = (name: string, description: string): Histogram =>
      meter.createHistogram(`sojourn.${name}.duration`, { description, unit: 's', advice: { explicitBucketBoundaries: BOUNDARIES } })
    const options = (description: string, unit: string): MetricOptions => ({ description, unit: `{${unit}}` })
    this.durations = {
      load: duration('load', 'Duration of loading a session.'),
      commit: duration('commit', 'Duration of committing a session.'),
      store: duration('store', 'Duration of an operation of the session store.'),
    }
    this.events = meter.createCounter('sojourn.events', options('Decisions about sessions, by type and reason.', 'event'))
    this.conflicts = meter.createCounter('sojourn.conflicts', options('Writes that met a concurrent write and were merged.', 'conflict'))
    this.retries = meter.createCounter('sojourn.retries', options('Store operations that were sent again after an error.', 'retry'))
    this.#open = meter.createObservableGauge('sojourn.breaker.open', options('Session stores that do not respond.', 'store'))
    this.#open.addCallback(this.#observe)
  }

  /**
   * Records that a manager exists, and by how much the number of its stores without response
   * changes.
   */
  storesDown(manager: string, change: number): void {
    this.#stores.set(manager, Math.max(0, (this.#stores.get(manager) ?? 0) + change))
  }

  /** Stops the observation, before other instruments replace these. */
  close(): void {
    this.#open.removeCallback(this.#observe)
  }
}
