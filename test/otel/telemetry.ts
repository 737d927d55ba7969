import { context, metrics, type Span, trace } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { SojournInstrumentation } from '../../src/otel/otel.ts'

type Points = readonly { readonly attributes: Record<string, unknown>; readonly value: unknown }[]

/** The SDK of OpenTelemetry with exporters in memory, and the instrumentation under test. */
export class Telemetry {
  readonly instrumentation: SojournInstrumentation = new SojournInstrumentation()
  readonly #spans = new InMemorySpanExporter()
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly #logs = new InMemoryLogRecordExporter()
  readonly #tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] })
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 })
  readonly #meterProvider = new MeterProvider({ readers: [this.#reader] })
  readonly #loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: this.#logs })] })
  readonly #unregister: () => void

  constructor() {
    this.#tracerProvider.register()
    this.#unregister = registerInstrumentations({
      instrumentations: [this.instrumentation],
      tracerProvider: this.#tracerProvider,
      meterProvider: this.#meterProvider,
      loggerProvider: this.#loggerProvider,
    })
  }

  /** Runs a function in a span, as the instrumentation of a server does with a request. */
  inRequest<T>(run: () => Promise<T>): Promise<T> {
    return this.#tracerProvider.getTracer('server').startActiveSpan('GET /', async (span: Span) => {
      const result = await run()
      span.end()
      return result
    })
  }

  /** The spans that ended, the first one first. */
  spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans()
  }

  span(name: string): ReadableSpan {
    const found = this.spans().filter((span) => span.name === name)
    if (found.length !== 1) throw new Error(`There are ${found.length} spans ${name}: ${this.spans().map((span) => span.name)}`)
    return found[0] as ReadableSpan
  }

  async points(name: string): Promise<Points> {
    this.#metrics.reset()
    await this.#reader.forceFlush()
    const all = this.#metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    return all
      .filter(({ descriptor }) => descriptor.name === name)
      .flatMap(({ dataPoints }) => dataPoints as DataPoint<number | Histogram>[])
  }

  /** The sum of a counter over the points with these attributes. */
  async count(name: string, attributes: Record<string, unknown> = {}): Promise<number> {
    const isMeant = (given: Record<string, unknown>): boolean => Object.entries(attributes).every(([key, value]) => given[key] === value)
    const points = (await this.points(name)).filter((point) => isMeant(point.attributes))
    return points.reduce((sum, { value }) => sum + Number(typeof value === 'number' ? value : (value as Histogram).count), 0)
  }

  records(): readonly { readonly eventName: string | undefined; readonly attributes: object }[] {
    return this.#logs.getFinishedLogRecords().map(({ eventName, attributes }) => ({ eventName, attributes }))
  }

  reset(): void {
    this.#spans.reset()
    this.#logs.reset()
  }

  async close(): Promise<void> {
    this.#unregister()
    await Promise.all([this.#tracerProvider.shutdown(), this.#meterProvider.shutdown(), this.#loggerProvider.shutdown()])
    trace.disable()
    metrics.disable()
    context.disable()
  }
}
