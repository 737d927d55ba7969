import { monotonic, unref } from '../../core/base/clock.ts'
import { withDeadline } from '../../core/base/deadline.ts'
import { CONNECTION_STALL, HANDSHAKE_STALL, RECONNECT_WAIT, STORE_STALL } from '../../core/store/stall-policy.ts'
import { connectDeadline } from '../shared/deadline.ts'
import type { ClientLink } from './client-link.ts'

/** The command was not sent, because there was no connection. */
export class UnconnectedError extends Error {
  override readonly name = 'UnconnectedError'
}

/** How long a command may take. */
export interface SendOptions {
  /** A time of `performance.now()`, see `Operation`. */
  readonly deadline?: number | undefined
  /** See `Load`. */
  readonly probe?: boolean | undefined
}

/** A command without a reply. */
interface Pending {
  /** A `monotonic()` time, like `deadline`. */
  readonly since: number
  readonly deadline: number
  readonly key: string
}

/**
 * The commands without a reply. While there are any, `check` is called with the oldest one every
 * `interval` milliseconds.
 */
class PendingCommands {
  readonly #check: (oldest: Pending) => void
  readonly #interval: number
  readonly #pending = new Set<Pending>()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(check: (oldest: Pending) => void, interval: number) {
    this.#check = check
    this.#interval = interval
  }

  async track<T>(send: () => Promise<T>, deadline: number, key = ''): Promise<T> {
    const pending = { since: monotonic(), deadline, key }
    this.#pending.add(pending)
    this.#timer ??= unref(setInterval(() => this.#checkOldest(), this.#interval))
    try {
      return await send()
    } finally {
      this.#pending.delete(pending)
    }
  }

  #checkOldest(): void {
    const [oldest] = this.#pending
    if (oldest !== undefined) return this.#check(oldest)
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** Milliseconds between two checks of a connection. */
const CHECK_INTERVAL = 100

/**
 * Sends commands with deadlines over the single connection of a client.
 *
 * Without a connection a command waits here and not in the queue of the client, which would send it
 * even after its deadline. A connection is replaced when its handshake stalls, and when the oldest
 * command has passed its deadline and `CONNECTION_STALL` without a reply. Replies come in the order
 * of the commands, so no later command has one either. A firewall may have dropped such a
 * connection.
 */
export class DeadlineClient {
  readonly #link: ClientLink
  readonly #pending = new PendingCommands((oldest) => this.#check(oldest), CHECK_INTERVAL)
  /**
   * The command that was late at the last check. One check is not enough: if this process itself
   * was suspended, the reply may have arrived and not been read yet.
   */
  #late: Pending | undefined
  #connectedAt = monotonic()
  #connecting: Promise<void> | undefined

  constructor(link: ClientLink) {
    this.#link = link
    link.onConnection(() => {
      this.#connectedAt = monotonic()
    })
  }

  /**
   * Without a deadline the timeouts of the client apply. Rejects with `UnconnectedError` when the
   * command was not sent. While the client waits to connect again, a request waits with it for
   * `RECONNECT_WAIT` only, and a probe until the connection is there.
   */
  send(args: string[], { deadline, probe = false }: SendOptions = {}): Promise<unknown> {
    if (deadline === undefined) return this.#link.send(args)
    if (this.#link.isOpen()) return this.#track(args, deadline)
    const connectBy = connectDeadline(deadline)
    const waitsUntil = this.#link.isLost() && !probe ? Math.min(connectBy, monotonic() + RECONNECT_WAIT) : connectBy
    return this.#connect(waitsUntil).then(() => this.#track(args, deadline))
  }

  #track(args: string[], deadline: number): Promise<unknown> {
    return this.#pending.track(() => this.#link.send(args), deadline)
  }

  async #connect(waitsUntil: number): Promise<void> {
    this.#connecting ??= this.#pending
      .track(() => this.#link.connected(), Number.POSITIVE_INFINITY)
      .finally(() => {
        this.#connecting = undefined
      })
    try {
      await withDeadline(this.#connecting, waitsUntil, 'there was no connection in time')
    } catch (error) {
      throw new UnconnectedError(`Redis cannot be reached: ${(error as Error).message}`, { cause: error })
    }
  }

  #check(oldest: Pending): void {
    if (this.#link.isOpen()) return this.#checkReply(oldest)
    if (monotonic() > this.#connectedAt + HANDSHAKE_STALL) this.#link.reconnect()
  }

  #checkReply(oldest: Pending): void {
    const isLate = monotonic() > Math.max(oldest.deadline, oldest.since + CONNECTION_STALL, this.#connectedAt + CONNECTION_STALL)
    if (isLate && oldest === this.#late) this.#link.reconnect()
    this.#late = isLate ? oldest : undefined
  }
}

/** Sends a command about one key. */
export type Send = (key: string, args: string[], options?: SendOptions) => Promise<unknown>

/**
 * Called repeatedly while the server of a key is stalled, with the deadline of the oldest command.
 */
export type OnStall = (key: string, deadline: number) => void

/**
 * Sends commands to a Cluster and detects a master without replies. A master that hangs or is cut
 * off does not close its connections, and the libraries wait until it does. The command itself
 * stays pending.
 */
export function detectStall(send: Send, onStall: OnStall): Send {
  const check = ({ key, since, deadline }: Pending): void => {
    if (since + CONNECTION_STALL <= monotonic()) onStall(key, deadline)
  }
  const pending = new PendingCommands(check, STORE_STALL)
  return (key, args, { deadline = Number.POSITIVE_INFINITY } = {}) => pending.track(() => send(key, args), deadline, key)
}
