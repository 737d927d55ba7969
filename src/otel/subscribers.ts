import { type Attributes, type Context, context, createContextKey, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { PublishedEvent, SessionEvent } from '../core/base/events.ts'
import { isError } from '../core/base/realms.ts'
import type { CommitTrace, LoadTrace, StoreTrace, Trace } from '../core/base/tracing.ts'
import type { Instruments } from './instruments.ts'
import type { SessionLog } from './session-log.ts'

/** What the tracing channels of Node add to a context. */
type Traced<T> = T & { readonly error?: unknown }

/** A load, commit or store operation that runs. */
interface Running {
  readonly span: Span
  readonly startedAt: number
  /** The load or commit that the store operation belongs to. */
  readonly outer: Running | undefined
  /** The session before the commit. */
  readonly previousHandle: string | undefined
  /** The store operations within this one that failed and were not sent again. */
  readonly failed: Set<string>
}

/** The subscribers of one tracing channel. */
interface Subscriber {
  readonly start: (message: unknown) => void
  readonly end: () => void
  readonly asyncStart: () => void
  readonly asyncEnd: (message: unknown) => void
  readonly error: () => void
}

/** What is reported of an operation: `metric` in its span too, `span` only there. */
interface TraceAttributes {
  readonly metric: Attributes
  readonly span: Attributes
}

type Channel = 'load' | 'commit' | 'store'

/** The innermost load or commit of this package that is running. */
const RUNNING = createContextKey('sojourn.running')

/** Turns the messages of the diagnostics channels into spans, metrics and log records. */
export class Subscribers {
  readonly load: Subscriber = this.#subscriber<LoadTrace>('load', () => 'sojourn.load', loadAttributes)
  readonly commit: Subscriber = this.#subscriber<CommitTrace>('commit', () => 'sojourn.commit', commitAttributes)
  readonly store: Subscriber = this.#subscriber<StoreTrace>(
    'store',
    ({ operation }) => `sojourn.store.${operation}`,
    storeAttributes,
    (traced, outer) => this.#onStoreResult(traced, outer),
  )
  readonly #running = new WeakMap<Trace, Running>()
  tracer: Tracer
  log: SessionLog
  #instruments: Instruments

  constructor(tracer: Tracer, instruments: Instruments, log: SessionLog) {
    this.tracer = tracer
    this.#instruments = instruments
    this.log = log
  }

  set instruments(instruments: Instruments) {
    this.#instruments.close()
    this.#instruments = instruments
  }

  readonly event = (message: unknown): void => {
    const { manager, event } = message as PublishedEvent
    const { type, reason } = event
    const running = runningIn(context.active())
    this.#instruments.events.add(1, { 'sojourn.manager': manager, 'sojourn.event.type': type, 'sojourn.event.reason': reason })
    this.#instruments.storesDown(manager, type === 'store-down' ? 1 : type === 'store-up' ? -1 : 0)
    running?.span.addEvent(`sojourn.${type}`, eventAttributes(event))
    this.log.onEvent(event, manager, running?.previousHandle)
  }

  #subscriber<T extends Trace>(
    channel: Channel,
    nameOf: (traced: T) => string,
    attributesOf: (traced: T) => TraceAttributes,
    onResult: (traced: Traced<T>, outer: Running | undefined) => void = () => undefined,
  ): Subscriber {
    const ignore = (): void => undefined
    return {
      start: (message) => this.#start(message as T, nameOf(message as T)),
      end: ignore,
      asyncStart: ignore,
      asyncEnd: (message) => {
        const traced = message as Traced<T>
        const running = this.#running.get(traced)
        if (running === undefined) return // it began before this was enabled
        const { metric, span } = attributesOf(traced)
        this.#end(channel, running, traced.error, { metric: { 'sojourn.manager': traced.manager, ...metric }, span })
        onResult(traced, running.outer)
      },
      error: ignore,
    }
  }

  #start(traced: Trace & { readonly previousHandle?: string | undefined; readonly operation?: string }, name: string): void {
    const parent = context.active()
    const outer = runningIn(parent)
    const { operation, previousHandle } = traced
    if (operation !== undefined && outer?.failed.delete(operation) === true)
      this.#instruments.retries.add(1, { 'sojourn.manager': traced.manager, 'sojourn.store.operation': operation })
    const span = this.tracer.startSpan(name, {}, parent)
    const running: Running = { span, startedAt: performance.now(), outer, previousHandle, failed: new Set() }
    this.#running.set(traced, running)
    const inner = trace.setSpan(operation === undefined ? parent.setValue(RUNNING, running) : parent, span)
    const { runIn } = traced
    traced.runIn = (run) => context.with(inner, () => (runIn === undefined ? run() : runIn(run)))
  }

  #end(channel: Channel, { span, startedAt }: Running, error: unknown, attributes: TraceAttributes): void {
    const metric = { ...attributes.metric, ...(error !== undefined && { 'error.type': typeOf(error) }) }
    span.setAttributes({ ...metric, ...attributes.span })
    if (isFailure(error)) {
      span.recordException(error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
    }
    span.end()
    this.#instruments.durations[channel].record((performance.now() - startedAt) / 1000, metric)
  }

  #onStoreResult({ manager, operation, store, outcome, error }: Traced<StoreTrace>, outer: Running | undefined): void {
    if (error !== undefined) outer?.failed.add(operation)
    if (outcome !== 'stale') return
    const attributes = { 'sojourn.manager': manager, 'sojourn.store.operation': operation, 'sojourn.store.name': store }
    this.#instruments.conflicts.add(1, attributes)
  }
}

function runningIn(active: Context): Running | undefined {
  return active.getValue(RUNNING) as Running | undefined
}

function loadAttributes({ handle, outcome }: LoadTrace): TraceAttributes {
  return { metric: defined({ 'sojourn.outcome': outcome }), span: defined({ 'session.id': handle }) }
}

function commitAttributes({ handle, previousHandle, outcome }: CommitTrace): TraceAttributes {
  const previous = handle === undefined || previousHandle === handle ? undefined : previousHandle
  return {
    metric: defined({ 'sojourn.outcome': outcome }),
    span: defined({ 'session.id': handle ?? previousHandle, 'session.previous_id': previous }),
  }
}

function storeAttributes({ operation, store, outcome }: StoreTrace): TraceAttributes {
  return {
    metric: defined({ 'sojourn.store.operation': operation, 'sojourn.store.name': store, 'sojourn.outcome': outcome }),
    span: {},
  }
}

function eventAttributes({ type: _type, reason, handle, ...rest }: SessionEvent): Attributes {
  const others = Object.entries(rest).map(([name, value]) => [`sojourn.event.${name}`, value])
  return defined({ 'session.id': handle, 'sojourn.event.reason': reason, ...Object.fromEntries(others) })
}

function defined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}

/** The code of an error, or its name. */
function typeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'Error'
}

/**
 * Whether an error is a failure. One with a status below 500 is a result of what the client did.
 */
function isFailure(error: unknown): error is Error {
  if (!isError(error)) return false
  const { status } = error as { readonly status?: unknown }
  return typeof status !== 'number' || status >= 500
}
