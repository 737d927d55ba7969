import { jsonCodec } from '../../codecs/json.ts'
import { milliseconds } from '../base/duration.ts'
import { ConfigError } from '../base/errors.ts'
import { type Listener, safeListener } from '../base/events.ts'
import { isWorkers } from '../base/is-workers.ts'
import { type Random, type RandomText, randomTextFrom, systemRandomText } from '../base/random.ts'
import { hashedIds, type Ids } from '../store/id.ts'
import type { AttachedStore, Capabilities, Store } from '../store/store.ts'
import { TimedStore } from '../store/timed-store.ts'
import { Values } from '../values/values.ts'
import type { SessionOptions } from './options.ts'
import type { SessionProfile } from './profile.ts'
import type { RuleContext } from './rules.ts'

/** What loading and committing work with; one for each manager. */
export interface Engine extends RuleContext {
  readonly profile: SessionProfile
  readonly store: TimedStore
  readonly values: Values
  readonly emit: Listener
  readonly now: () => number
  readonly randomText: RandomText
  /** How ids lead to rows; those of another cookie lead elsewhere. */
  readonly ids: Ids
  /** What the store can do. */
  readonly capabilities: Capabilities
  /** Names this manager in the marks it leaves on entries. */
  readonly managerId: string
  /** How long the store work of one commit may take, in milliseconds. */
  readonly requestTimeout: number
  /** The most bytes of a payload. */
  readonly maxSize: number
  /** Whether commits of one session may wait for each other and travel together. */
  readonly merging: boolean
}

const ID_LENGTH = 8

/** The engine of checked options, with the default of every option that is not the cookie's. */
export function makeEngine(options: SessionOptions, profile: SessionProfile): Engine {
  const { store: given, clock: now = Date.now, random, onEvent, codec = jsonCodec, schema = {}, timeout = {}, maxSize = 1 << 20 } = options
  const emit = safeListener(onEvent)
  const values = new Values(codec, schema, emit)
  const randomText = random === undefined ? systemRandomText() : checkedRandomText(random)
  const lifetime = profile.lifetime(options)
  const scope = profile.scope(options)
  const guard = (guarded: Store): TimedStore => new TimedStore(guarded, milliseconds(timeout.operation) ?? 2000, emit)
  const service = { randomText, now, scope, absolute: lifetime.absolute, guard }
  const { store, ids }: AttachedStore = given.attach?.(service) ?? { store: given, ids: hashedIds(randomText, scope) }
  let managerId: string | undefined // drawn at its first use: a Worker may not draw while it is loaded
  return {
    profile,
    rules: profile.rules,
    emit,
    values,
    randomText,
    ids,
    capabilities: store.capabilities,
    maxSize,
    now,
    store: guard(store),
    parse: values.parse,
    lifetime,
    get managerId() {
      managerId ??= randomText(ID_LENGTH)
      return managerId
    },
    requestTimeout: milliseconds(timeout.request) ?? 5000,
    merging: !isWorkers() && !store.capabilities.carriesData,
  }
}

function checkedRandomText(random: Random): RandomText {
  try {
    return randomTextFrom(random)
  } catch (cause) {
    throw new ConfigError(`Option \`random\`: ${(cause as Error).message}; it has to be a cryptographically secure generator.`, { cause })
  }
}
