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
  | { readonly type: 'store-down'; readonly reason: 'store-error' | 'timeout' }
  | { readonly type: 'store-up'; readonly reason: 'answered' }
  | { readonly type: 'cleared'; readonly reason: 'interval'; readonly count: number }
  | { readonly type: 'clear-failed'; readonly reason: 'store-error' }
  | { readonly type: 'unchanged'; readonly reason: 'read-only' | 'not-used' | 'nothing-to-save' | 'failed-response' }
  | { readonly type: 'touched'; readonly reason: 'idle' }
  | { readonly type: 'touch-refused'; readonly reason: 'changed-meanwhile' | 'store-error' }
  | { readonly type: 'created'; readonly reason: 'changed' | 'login' }
  | { readonly type: 'saved'; readonly reason: 'changed' | 'login' | 'new-id' | 'claimed'; readonly version: string }
  | { readonly type: 'merged'; readonly reason: 'changed-meanwhile' }
  | { readonly type: 'overwritten'; readonly reason: 'set-by-both'; readonly property: string }
  | { readonly type: 'ended'; readonly reason: 'flush' | 'other-user' | 'revoked' }
  | { readonly type: 'found-ended'; readonly reason: 'ended' | 'other-id'; readonly outcome: 'error' | 'discarded' | 'started-new' }
  | { readonly type: 'invalid'; readonly reason: 'schema' | 'unreadable'; readonly property: string }
  | { readonly type: 'commit-failed'; readonly reason: string }
  | { readonly type: 'cookie-set'; readonly reason: 'new-id' | 'new-data' }
  | { readonly type: 'cookie-deleted'; readonly reason: 'flush' }
  | { readonly type: 'cookie-refused'; readonly reason: 'insecure' | 'outside' | 'unreadable' }
)

/** Takes events. What it throws, or rejects with, is reported on the console and otherwise ignored: a listener cannot keep a session from ending. */
export type Listener = (event: SessionEvent) => void

function report(error: unknown): void {
  console.error('sojourn: the `onEvent` listener threw', error)
}

/** A listener that cannot disturb its caller. */
export function safeListener(listener: Listener | undefined): Listener {
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
