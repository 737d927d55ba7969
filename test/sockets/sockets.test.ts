import { EventEmitter } from 'node:events'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ClosableSocket, closeWithSession } from '../../src/sockets/sockets.ts'
import { catchError, type TestApp } from '../core/fixture.ts'
import { anotherProcess, loggedIn, pass, settle, useFakeTimers } from '../core/watch/watch-fixture.ts'

beforeAll(async () => void (await import('../../src/core/watch/watchers.ts')))
beforeEach(useFakeTimers)
afterEach(() => void vi.useRealTimers())

/** Records the calls of a socket. `isPolite`: its client answers a close. */
class FakeSocket extends EventEmitter {
  readonly calls: unknown[][] = []
  readyState = 1
  isPolite = true

  close(...args: unknown[]): void {
    this.calls.push(['close', ...args])
    if (this.isPolite) this.closed()
  }

  terminate(): void {
    this.calls.push(['terminate'])
    this.closed()
  }

  closed(): void {
    this.readyState = 3
    this.emit('close')
  }
}

const closed4401 = ['close', 4401, 'ended']

function watchEnds(app: TestApp): unknown[] {
  return app.events.filter(({ type }) => type === 'watch-ended')
}

describe('closeWithSession', () => {
  it('closes a WebSocket with 4401 and the reason', async () => {
    const { app, session } = await loggedIn()
    const socket = new FakeSocket()
    closeWithSession(app.sessions, session, socket)
    await app.request((each) => each.logout())
    await settle()
    await pass(60_000)
    expect(socket.calls).toEqual([closed4401])
  })

  it('cuts a client off that does not answer the close', async () => {
    const { app, session } = await loggedIn()
    const socket = new FakeSocket()
    socket.isPolite = false
    closeWithSession(app.sessions, session, socket)
    await app.request((each) => each.logout())
    await settle()
    expect(socket.calls).toEqual([closed4401])
    await pass(1000)
    expect(socket.calls).toEqual([closed4401, ['terminate']])
  })

  const sockets: Readonly<Record<string, (calls: unknown[][]) => { socket: ClosableSocket; close: () => void }>> = {
    'a socket of ws'() {
      const socket = new FakeSocket()
      return { socket, close: () => socket.closed() }
    },
    'a WebSocket of Deno'(calls) {
      const target = new EventTarget()
      const socket = Object.assign(target, { readyState: 1, close: (...args: unknown[]) => void calls.push(['close', ...args]) })
      return { socket, close: () => target.dispatchEvent(new Event('close')) }
    },
    'a socket of socket.io'(calls) {
      const socket = Object.assign(new EventEmitter(), { disconnect: (...args: unknown[]) => void calls.push(['disconnect', ...args]) })
      return { socket, close: () => socket.emit('disconnect') }
    },
    'a socket of Bun'(calls) {
      const socket = { readyState: 1, close: (...args: unknown[]) => void calls.push(['close', ...args]) }
      return { socket, close: () => void (socket.readyState = 3) }
    },
    'a peer of crossws'(calls) {
      const peer = { websocket: { readyState: 1 }, close: (...args: unknown[]) => void calls.push(['close', ...args]) }
      return { socket: peer, close: () => void (peer.websocket.readyState = 3) }
    },
  }

  it.each(Object.entries(sockets))('stops watching when %s was closed', async (_, make) => {
    const { app, session } = await loggedIn()
    const { socket, close } = make([])
    closeWithSession(app.sessions, session, socket)
    await settle()
    close()
    await pass(31_000)
    await app.request((each) => each.logout())
    await settle()
    expect(watchEnds(app)).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it.each(Object.entries(sockets).filter(([name]) => name !== 'a socket of ws'))('closes %s', async (name, make) => {
    const { app, session } = await loggedIn()
    const calls: unknown[][] = []
    closeWithSession(app.sessions, session, make(calls).socket)
    await app.request((each) => each.logout())
    await settle()
    expect(calls).toEqual([name.endsWith('socket.io') ? ['disconnect', true] : closed4401])
  })

  it('stops watching with the returned function, and never watches for a socket that is closed already', async () => {
    const { app, session } = await loggedIn()
    const [socket, gone] = [new FakeSocket(), new FakeSocket()]
    gone.readyState = 2
    const stop = closeWithSession(app.sessions, session, socket)
    closeWithSession(app.sessions, session, gone)
    stop()
    await app.request((each) => each.logout())
    await settle()
    expect([socket.calls, gone.calls, watchEnds(app)]).toEqual([[], [], []])
  })

  it('keeps nothing of a socket without events once the returned function was called', async () => {
    const { app, session } = await loggedIn()
    const stop = closeWithSession(app.sessions, session, { close: () => undefined })
    await settle()
    stop()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('passes `poll` on', async () => {
    const { app } = await loggedIn()
    const other = anotherProcess(app)
    const socket = new FakeSocket()
    closeWithSession(other, await app.open(app.browser, other), socket, { poll: '1s' })
    await settle()
    await app.request((each) => each.logout())
    await pass(1000)
    expect(socket.calls).toEqual([closed4401])
  })

  it('throws for what is no socket', async () => {
    const { app, session } = await loggedIn()
    for (const socket of [undefined, {}, { end: () => undefined }] as never[])
      expect(catchError(() => closeWithSession(app.sessions, session, socket))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})
