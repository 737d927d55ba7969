import { jsonCodec } from '../../codecs/json.ts'
import { milliseconds } from '../base/duration.ts'
import { eventReporter, type Listener } from '../base/events.ts'
import { isWorkers } from '../base/is-workers.ts'
import { type RandomText, randomTextFrom } from '../base/random.ts'
import { makeWarnOnce } from '../base/warn-once.ts'
import type { IncomingRequest } from '../cookie/incoming-request.ts'
import type { Transport } from '../cookie/transport.ts'
import { EndedSessions } from '../store/ended-sessions.ts'
import type { Ids } from '../store/id.ts'
import type { Capabilities, Store } from '../store/store.ts'
import { TimedStore } from '../store/timed-store.ts'
import { Values } from '../values/values.ts'
import type { Lifecycles } from './lifecycle.ts'
import type { SessionOptions } from './options.ts'
import type { MergeContext, SessionProfile } from './profile.ts'
import { realmOf } from './realm.ts'

/**
 * The checked options of a manager, with their defaults, and the objects made from them. Functions
 * take the fields they use.
 */
export interface Engine extends MergeContext {
  /** Names the manager in traces: its option `as`. */
  readonly name: string
  readonly store: TimedStore
  readonly capabilities: Capabilities
  /** Announces which sessions have ended. */
  readonly endedSessions: EndedSessions
  readonly transport: Transport
  /** Identifies the managers whose users are the same (option `realm`). */
  readonly realm: string
  readonly ids: Ids
  readonly values: Values
  readonly emit: Listener
  /** Prints a warning, each text once. */
  readonly warnOnce: (text: string) => void
  readonly now: () => number
  readonly randomText: RandomText
  /** How long all store operations of one commit may take together, in milliseconds. */
  readonly requestTimeout: number
  /** The largest payload, in bytes. */
  readonly maxSize: number
  /** Whether commits of one session wait for each other and are written together. */
  readonly merging: boolean
  /** Whether changes are committed when the response is a 5xx. */
  readonly saveOnError: boolean
  readonly whenEnded: 'error' | 'discard'
  /** Whether a request counts as activity. `undefined`: every request does. */
  readonly countsAsActivity: ((request: IncomingRequest) => boolean) | undefined
  /** `undefined` if nothing takes part in the life of sessions: the store does not find users. */
  readonly lifecycles: Lifecycles | undefined
}

/** The maximum time of one operation of a store, in milliseconds. */
export function operationTimeout({ timeout }: Pick<SessionOptions, 'timeout'>): number {
  return milliseconds(timeout?.operation) ?? 2000
}

/** Makes the engine from checked options. `emit` must not throw. */
export function makeEngine(
  options: SessionOptions,
  profile: SessionProfile,
  emit: Listener = eventReporter(options.as ?? 'session', options.onEvent),
): Engine {
  const { store: given, clock: now = Date.now, codec = jsonCodec, schema = {}, properties, timeout = {}, maxSize = 1 << 20 } = options
  const { as: name = 'session' } = options
  const values = new Values(codec, schema, emit, profile.names.user, properties)
  const randomText = randomTextFrom(options.random)
  const lifetime = profile.lifetime(options)
  const scope = profile.scope(options)
  const guard = (guarded: Store): TimedStore => new TimedStore(guarded, operationTimeout(options), emit, name)
  const attached = given.attach?.({ randomText, now, scope, absolute: lifetime.absolute, guard })
  const { store, ids } = attached ?? { store: given, ids: profile.ids(randomText, scope) }
  return {
    name,
    profile,
    lifetime,
    parse: values.parse,
    print: values.printValue,
    store: guard(store),
    capabilities: store.capabilities,
    endedSessions: new EndedSessions(given),
    transport: profile.transport(options),
    realm: realmOf(options, scope),
    ids,
    values,
    emit,
    warnOnce: makeWarnOnce(),
    now,
    randomText,
    requestTimeout: milliseconds(timeout.request) ?? 5000,
    maxSize,
    merging: !isWorkers() && !store.capabilities.carriesData,
    saveOnError: options.saveOnError === true,
    whenEnded: options.whenEnded ?? 'error',
    countsAsActivity: options.touch,
    lifecycles: undefined,
  }
}
