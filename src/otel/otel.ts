// See core/values/session-data.ts.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import would not be in the declarations
/// <reference path="../index.ts" preserve="true" />
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { type MeterProvider, metrics, type TracerProvider, trace } from '@opentelemetry/api'
import { aBoolean, checkOptions } from '../core/base/option-checks.ts'
import { Instruments } from './instruments.ts'
import { type LoggerProvider, SessionLog } from './session-log.ts'
import { Subscribers } from './subscribers.ts'

export type { PublishedEvent } from '../core/base/events.ts'
export type { CommitTrace, LoadTrace, StoreTrace, Trace } from '../core/base/tracing.ts'
export type { LoggerProvider } from './session-log.ts'

/** Options of `SojournInstrumentation`. */
export interface SojournInstrumentationConfig {
  /** Whether it reports from the start; otherwise from `enable()` on. Default `true`. */
  readonly enabled?: boolean
}

const NAME = 'sojourn'
const VERSION = '0.1.0'
const CHANNELS = ['load', 'commit', 'store'] as const

/**
 * Reports the sessions of every manager in this process to OpenTelemetry: a span and a duration for
 * every load, commit and store operation, counters of decisions, conflicts and retries, and the
 * events `session.start` and `session.end`. An item of the option `instrumentations` of
 * `registerInstrumentations` and of `NodeSDK`.
 *
 * ```ts
 * registerInstrumentations({ instrumentations: [new SojournInstrumentation()] })
 * ```
 *
 * `session.id` is the handle of a session. Ids, cookies and values are never reported.
 */
export class SojournInstrumentation {
  /** The name of the instrumentation scope: `sojourn`. */
  readonly instrumentationName: string = NAME
  /** The version of this package. */
  readonly instrumentationVersion: string = VERSION
  readonly #subscribers: Subscribers
  #config: SojournInstrumentationConfig
  #isEnabled = false

  constructor(config: SojournInstrumentationConfig = {}) {
    this.#config = checkConfig(config)
    const instruments = new Instruments(metrics.getMeter(NAME, VERSION))
    this.#subscribers = new Subscribers(trace.getTracer(NAME, VERSION), instruments, new SessionLog())
    if (config.enabled !== false) this.enable()
  }

  /** Starts reporting. Repeated calls do nothing. */
  enable(): void {
    if (this.#isEnabled) return
    this.#isEnabled = true
    for (const name of CHANNELS) tracingChannel(`sojourn.${name}`).subscribe(this.#subscribers[name])
    subscribe('sojourn.event', this.#subscribers.event)
  }

  /** Stops reporting. Repeated calls do nothing. */
  disable(): void {
    if (!this.#isEnabled) return
    this.#isEnabled = false
    for (const name of CHANNELS) tracingChannel(`sojourn.${name}`).unsubscribe(this.#subscribers[name])
    unsubscribe('sojourn.event', this.#subscribers.event)
  }

  /** The provider of the tracer for spans. `registerInstrumentations` sets it. */
  setTracerProvider(provider: TracerProvider): void {
    this.#subscribers.tracer = provider.getTracer(NAME, VERSION)
  }

  /** The provider of the meter for metrics. `registerInstrumentations` sets it. */
  setMeterProvider(provider: MeterProvider): void {
    this.#subscribers.instruments = new Instruments(provider.getMeter(NAME, VERSION))
  }

  /**
   * The provider of the logger for `session.start` and `session.end`. `registerInstrumentations`
   * sets it.
   */
  setLoggerProvider(provider: LoggerProvider): void {
    this.#subscribers.log = new SessionLog(provider.getLogger(NAME, VERSION))
  }

  /** Replaces the options. `enabled` takes effect at the next `enable()` or `disable()`. */
  setConfig(config: SojournInstrumentationConfig): void {
    this.#config = checkConfig(config)
  }

  /** The options. */
  getConfig(): SojournInstrumentationConfig {
    return { enabled: true, ...this.#config }
  }
}

function checkConfig(config: SojournInstrumentationConfig): SojournInstrumentationConfig {
  return checkOptions(config, { owner: 'SojournInstrumentation', checks: { enabled: aBoolean } })
}
