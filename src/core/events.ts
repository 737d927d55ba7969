import type { StoreOperation } from './errors.ts'

/**
 * What a manager decided, and why. Tells the `handle` of a session (safe to log) and names of properties; never an id, a cookie
 * or a value.
 */
export type SessionEvent = { readonly handle?: string } & (
  | { readonly type: 'loaded'; readonly reason: 'found' }
  | {
      readonly type: 'absent'
      readonly reason: 'no-cookie' | 'malformed-cookie' | 'two-cookies' | 'insecure' | 'unknown-or-expired' | 'other-id' | 'unreadable'
    }
  | { readonly type: 'load-failed'; readonly reason: 'store-error'; readonly operation: StoreOperation }
  | { readonly type: 'store-away'; readonly reason: 'store-error' | 'timeout' }
  | { readonly type: 'store-back'; readonly reason: 'answered' }
  | { readonly type: 'swept'; readonly reason: 'interval'; readonly count: number }
  | { readonly type: 'sweep-failed'; readonly reason: 'store-error' }
  | { readonly type: 'untouched'; readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  | { readonly type: 'touched'; readonly reason: 'idle' }
  | { readonly type: 'touch-refused'; readonly reason: 'changed-meanwhile' | 'store-error' }
  | { readonly type: 'created'; readonly reason: 'changed' | 'login' }
  | { readonly type: 'saved'; readonly reason: 'changed' | 'login' | 'new-id' | 'claimed'; readonly version: string }
  | { readonly type: 'merged'; readonly reason: 'changed-meanwhile' }
  | { readonly type: 'overwritten'; readonly reason: 'set-by-both'; readonly property: string }
  | { readonly type: 'deleted'; readonly reason: 'flush' | 'other-user' | 'revoked' }
  | { readonly type: 'gone'; readonly reason: 'ended' | 'other-id'; readonly outcome: 'error' | 'discarded' | 'started-anew' }
  | { readonly type: 'invalid'; readonly reason: 'schema' | 'unreadable'; readonly property: string }
  | { readonly type: 'commit-failed'; readonly reason: string }
  | { readonly type: 'cookie'; readonly reason: 'new-id' | 'new-data' | 'flush' | 'refused-insecure' | 'refused-outside' }
)

/** Takes events. What it throws, or rejects with, is reported on the console and otherwise ignored: a listener cannot keep a session from ending. */
export type Listener = (event: SessionEvent) => void

function report(error: unknown): void {
  console.error('sojourn: the `on` listener threw', error)
}

/** A listener that cannot disturb its caller. */
export function guarded(listener: Listener | undefined): Listener {
  if (listener === undefined) return () => undefined
  return function emit(event) {
    try {
      const result: unknown = listener(event)
      if (result instanceof Promise) result.catch(report)
    } catch (error) {
      report(error)
    }
  }
}
