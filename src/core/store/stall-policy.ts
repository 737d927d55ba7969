// After how many milliseconds without a reply each kind of peer counts as stalled. A server that
// hangs or is cut off does not close its connections, and the operating system needs about a
// quarter of an hour to notice that. The table in docs/stores.md explains the values.

/** A store that responds to no operation: the breaker opens, and requests fail at once. */
export const STORE_STALL = 500

/**
 * A connection whose oldest command gets no response: it is closed. This is later than
 * `STORE_STALL`, so no new requests are sent by then. It also applies to callers with shorter
 * deadlines, because a server that is only slow must not lose its connections.
 */
export const CONNECTION_STALL: number = 2 * STORE_STALL

/**
 * A new connection whose handshake the server does not complete: it is closed. This is below
 * `CONNECTION_STALL`, so that requests work within a second of a recovery.
 */
export const HANDSHAKE_STALL: number = 1.5 * STORE_STALL

/**
 * A request that needs a connection while the client of Redis waits to connect again: it fails. How
 * long the client waits is its own setting, two seconds and more by default.
 */
export const RECONNECT_WAIT: number = STORE_STALL / 10

/** Time between two heartbeats on a channel. */
export const HEARTBEAT_INTERVAL: number = 2 * STORE_STALL

/** A channel without messages: three heartbeats in a row are missing, and caches are bypassed. */
export const CHANNEL_STALL: number = 3 * HEARTBEAT_INTERVAL
