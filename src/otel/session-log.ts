import type { SessionEvent } from '../core/base/events.ts'

/** The part of a `LoggerProvider` of `@opentelemetry/api-logs` that is used. */
export interface LoggerProvider {
  /** Returns the logger of an instrumentation scope. */
  getLogger(name: string, version?: string): Logger
}

interface Logger {
  emit(record: { readonly eventName: string; readonly attributes: Record<string, string> }): void
}

/** Emits the session events of the semantic conventions. Without a logger it does nothing. */
export class SessionLog {
  readonly #logger: Logger | undefined

  constructor(logger?: Logger) {
    this.#logger = logger
  }

  /** `previous`: the session that the request had before. */
  onEvent({ type, handle }: SessionEvent, manager: string, previous: string | undefined): void {
    if (handle === undefined) return
    const attributes = { 'session.id': handle, 'sojourn.manager': manager }
    const isNext = previous !== undefined && previous !== handle
    if (type === 'created')
      this.#logger?.emit({ eventName: 'session.start', attributes: { ...attributes, ...(isNext && { 'session.previous_id': previous }) } })
    if (type === 'ended') this.#logger?.emit({ eventName: 'session.end', attributes })
  }
}
