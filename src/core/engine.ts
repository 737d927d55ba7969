import { jsonCodec } from '../codecs/json.ts'
import type { Reading } from './customs.ts'
import type { SessionDialect } from './dialect.ts'
import { type Draw, drawFrom, type Random, systemDraw } from './draw.ts'
import { milliseconds } from './duration.ts'
import { ConfigError } from './errors.ts'
import { guarded, type Listener } from './events.ts'
import { hashedIds, type Ids } from './id.ts'
import { isWorkers } from './is-workers.ts'
import type { SessionOptions } from './options.ts'
import type { Capabilities, Served, Store } from './store.ts'
import { TimedStore } from './timed-store.ts'
import { Values } from './values.ts'

/** What loading and committing work with; one for each manager. */
export interface Engine extends Reading {
  readonly dialect: SessionDialect
  readonly store: TimedStore
  readonly values: Values
  readonly emit: Listener
  readonly now: () => number
  readonly draw: Draw
  /** How ids lead to rows; those of another cookie lead elsewhere. */
  readonly ids: Ids
  /** What the store can do. */
  readonly can: Capabilities
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
export function makeEngine(options: SessionOptions, dialect: SessionDialect): Engine {
  const { store: given, clock: now = Date.now, random, on, codec = jsonCodec, schema = {}, timeout = {}, maxSize = 1 << 20 } = options
  const emit = guarded(on)
  const values = new Values(codec, schema, emit)
  const draw = random === undefined ? systemDraw() : checkedDraw(random)
  const lifetime = dialect.lifetime(options)
  const scope = dialect.scope(options)
  const guard = (guarded: Store): TimedStore => new TimedStore(guarded, milliseconds(timeout.operation) ?? 2000, emit)
  const service = { draw, now, scope, absolute: lifetime.absolute, guard }
  const { store, ids }: Served = given.serve?.(service) ?? { store: given, ids: hashedIds(draw, scope) }
  let managerId: string | undefined // drawn at its first use: a Worker may not draw while it is loaded
  return {
    dialect,
    customs: dialect.customs,
    emit,
    values,
    draw,
    ids,
    can: store.capabilities,
    maxSize,
    now,
    store: guard(store),
    parse: values.parse,
    lifetime,
    get managerId() {
      managerId ??= draw(ID_LENGTH)
      return managerId
    },
    requestTimeout: milliseconds(timeout.request) ?? 5000,
    merging: !isWorkers() && !store.capabilities.carriesData,
  }
}

function checkedDraw(random: Random): Draw {
  try {
    return drawFrom(random)
  } catch (cause) {
    throw new ConfigError(`Option \`random\`: ${(cause as Error).message}; it has to be a cryptographically secure generator.`, { cause })
  }
}
