import { HOUR, milliseconds } from '../base/duration.ts'
import { ConfigError, NotLoadedError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { ignore } from '../base/ignore.ts'
import { isWorkers } from '../base/is-workers.ts'
import { aDurationOf, checkOptions, type OptionTable } from '../base/option-checks.ts'
import { userOf } from '../changes/intent.ts'
import type { Engine } from '../config/engine.ts'
import type { Draft } from '../draft/draft.ts'
import { UNLOADED } from '../draft/draft-errors.ts'
import { loadEntry } from '../draft/opening.ts'
import type { Channel, MessageKind } from '../store/channel.ts'
import type { KnownSession, WatchEnd, WatchOptions } from './watch.ts'
import type { Watchers } from './watchers.ts'

const DEFAULT_POLL = 30_000
const MIN_POLL = 1000

const WATCH: OptionTable = {
  owner: 'sessions.watch(session, onEnd, options)',
  checks: { poll: aDurationOf(MIN_POLL, HOUR, "pass a duration of '1s' to '1h'") },
}

/**
 * The watches of a manager. Their code is loaded at the first use, because most processes watch
 * nothing. With a channel, the ends of sessions are exchanged with other processes.
 */
export class Watching {
  readonly #engine: Engine
  readonly #leaveChannel: () => Promise<void> = async () => undefined
  #watchers: Promise<Watchers> | undefined
  #isClosed = false

  constructor(engine: Engine, channel: Channel | undefined) {
    this.#engine = engine
    if (channel !== undefined) this.#leaveChannel = this.#join(channel)
  }

  /** See `Sessions.watch`. */
  watch(draft: Draft, onEnd: (reason: WatchEnd) => unknown, options: WatchOptions): () => void {
    checkUse(onEnd)
    const { poll } = checkOptions(options, WATCH)
    const session = knownSession(draft)
    const watch = { onEnd, poll: milliseconds(poll) ?? DEFAULT_POLL, user: userOf(draft.properties.texts, this.#engine) }
    let stop: (() => void) | undefined
    let isStopped = false
    void this.#load().then((watchers) => {
      if (!isStopped && !this.#isClosed) stop = watchers.add(watch, session)
    })
    return () => {
      isStopped = true
      stop?.()
    }
  }

  /** Stops all watches, and leaves the channel. */
  async close(): Promise<void> {
    this.#isClosed = true
    void this.#watchers?.then((watchers) => watchers.close())
    await this.#leaveChannel()
  }

  #load(): Promise<Watchers> {
    this.#watchers ??= import('./watchers.ts').then(({ Watchers }) => new Watchers(this.#engine, loadEntry, userOf))
    return this.#watchers
  }

  #join(channel: Channel): () => Promise<void> {
    const { endedSessions } = this.#engine
    const onMessage = (kind: MessageKind, value: string): void => {
      if (kind !== 'changed') void this.#watchers?.then(({ onEnded }) => onEnded(kind, value))
    }
    const onResume = (): void => void this.#watchers?.then((watchers) => watchers.checkSoon())
    const subscription = channel.subscribe({ onMessage, onInterrupt: ignore, onResume })
    const stopListening = endedSessions.listen((kind, value) => void subscription.publish(kind, value))
    return () => {
      stopListening()
      return subscription.close()
    }
  }
}

/** `undefined` without a session. Throws the error of a session that was not read. */
function knownSession(draft: Draft): KnownSession | undefined {
  draft.openToken()
  const { state } = draft
  if (state.is === 'failed') throw state.error
  if (state.is === 'unloaded') throw new NotLoadedError(UNLOADED)
  if (state.is === 'absent' && draft.hasChanges && draft.intents.length > 0)
    throw new ConfigError('sessions.watch(session): this session is not stored yet. Call `await session.save()` first.')
  const { identity } = state
  if (identity === undefined) return undefined
  const { expiresAt = Number.POSITIVE_INFINITY, userId } = state.is === 'live' ? state.entry : {}
  return { identity, expiresAt, userName: userId }
}

function checkUse(onEnd: unknown): void {
  if (typeof onEnd !== 'function')
    throw new ConfigError(`sessions.watch(session, onEnd): onEnd is ${formatValue(onEnd)}. Pass the function that is called at the end.`)
  if (isWorkers())
    throw new ConfigError(
      'sessions.watch() does not work on Workers, where no timer outlives a request. Open the session for each message.',
    )
}
