import { describe, expectTypeOf, it } from 'vitest'
import type { Session, Sessions, WatchEnd } from '../../src/index.ts'
import { closeWithSession } from '../../src/sockets/sockets.ts'

declare const sessions: Sessions
declare const session: Session
declare const ofBrowser: WebSocket
declare const ofWs: {
  close(code?: number, data?: string | Buffer): void
  terminate(): void
  on(event: 'message', listener: (data: Buffer) => void): unknown
}
declare const ofBun: {
  close(code?: number, reason?: string): void
  readonly readyState: 0 | 1 | 2 | 3
  readonly data: { readonly session: Session }
}
declare const ofSocketIo: { disconnect(close?: boolean): object; readonly request: object }

describe('closeWithSession', () => {
  it('takes the socket of every library without a cast, and returns a function', () => {
    for (const socket of [ofBrowser, ofWs, ofBun, ofSocketIo])
      expectTypeOf(closeWithSession(sessions, session, socket)).toEqualTypeOf<() => void>()
    closeWithSession(sessions, session, ofWs, { poll: '5m' })
    // @ts-expect-error -- this is no socket
    closeWithSession(sessions, session, { end: () => undefined })
    // @ts-expect-error -- a number has no unit
    closeWithSession(sessions, session, ofWs, { poll: 300 })
  })
})

describe('sessions.watch', () => {
  it('calls its function with a reason', () => {
    sessions.watch(session, (reason) => expectTypeOf(reason).toEqualTypeOf<WatchEnd>())
    expectTypeOf<WatchEnd>().toEqualTypeOf<'ended' | 'expired' | 'new-id' | 'other-user'>()
  })
})
