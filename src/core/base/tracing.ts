/** The first fields of the context of every traced operation. */
export interface Trace {
  /** The manager: its option `as`, by default `'session'`. */
  readonly manager: string
  /**
   * A subscriber of `start` may set it. The operation then runs inside of it, for example with a
   * span as its parent.
   */
  runIn?: <T>(run: () => T) => T
}

/** The context of `sojourn.load`: the session of a request, or of `load` and `reload`, is read. */
export interface LoadTrace extends Trace {
  /** The session, if the request named one. */
  readonly handle: string | undefined
  /** Set when the session was read. */
  outcome?: 'found' | 'absent' | 'ended'
}

/**
 * The context of `sojourn.commit`: the changes of a request, of `save` or of `claim` are stored.
 */
export interface CommitTrace extends Trace {
  /** The session before the commit. */
  readonly previousHandle: string | undefined
  /** The session after the commit. */
  handle?: string | undefined
  /** What the commit had to do; set before it does so. */
  outcome?: 'unchanged' | 'touched' | 'created' | 'saved' | 'ended' | 'claimed' | 'refused'
}

/** The context of `sojourn.store`: one operation is sent to a store. */
export interface StoreTrace extends Trace {
  /** The method of the store. */
  readonly operation: 'load' | 'create' | 'replace' | 'touch' | 'delete' | 'deleteByIndex' | 'list'
  /** The name of the store's class. */
  readonly store: string
  /** Set when the store has responded. `stale` is a conflict with a concurrent write. */
  outcome?: 'done' | 'missing' | 'taken' | 'stale'
}

interface TracingChannel<C extends Trace> {
  readonly hasSubscribers: boolean
  readonly tracePromise: (run: () => Promise<void>, context: C) => Promise<void>
}

interface Channel {
  readonly hasSubscribers: boolean
  readonly publish: (message: unknown) => void
}

interface NodeTracingChannel<C extends Trace> extends Pick<TracingChannel<C>, 'tracePromise'> {
  readonly start: Channel
  readonly asyncEnd: Channel
  readonly error: Channel
}

/** Loaded here and not imported, because some runtimes and all browsers lack it. */
const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')

const UNOBSERVED = { hasSubscribers: false, tracePromise: (run: () => Promise<void>) => run(), publish: () => undefined }

function tracingChannel<C extends Trace>(name: string): TracingChannel<C> {
  const channel = diagnostics?.tracingChannel(name) as NodeTracingChannel<C> | undefined
  if (channel === undefined) return UNOBSERVED
  if ('hasSubscribers' in channel) return channel as TracingChannel<C>
  // In Bun only the channels of the single events have this property.
  const { start, asyncEnd, error } = channel
  return {
    get hasSubscribers() {
      return [start, asyncEnd, error].some((each) => each.hasSubscribers)
    },
    tracePromise: (run, context) => channel.tracePromise(run, context),
  }
}

export const LOAD: TracingChannel<LoadTrace> = tracingChannel('sojourn.load')
export const COMMIT: TracingChannel<CommitTrace> = tracingChannel('sojourn.commit')
export const STORE: TracingChannel<StoreTrace> = tracingChannel('sojourn.store')
/** Its messages are `{ manager, event }`. */
export const EVENT: Channel = diagnostics?.channel('sojourn.event') ?? UNOBSERVED

/**
 * Runs an operation and reports it to the subscribers of a channel. `onResult` stores in the
 * context what they may know about the result. The result itself is not published, because it
 * contains the data of the session.
 */
export async function trace<T, C extends Trace>(
  channel: TracingChannel<C>,
  context: C,
  run: () => Promise<T>,
  onResult: (result: T) => void,
): Promise<T> {
  let result: T | undefined
  await channel.tracePromise(async () => {
    result = await (context.runIn === undefined ? run() : context.runIn(run))
    onResult(result)
  }, context)
  return result as T
}
