import { expect, it, vi } from 'vitest'
import { Browser } from '../../stories/harness/browser.ts'
import { Connection } from './web-socket.ts'

/** A socket of a visitor. */
export interface Socket {
  /** Resolves to the name in the session. */
  name(): Promise<unknown>
  /** Adds a note to the session, and resolves to all notes. */
  note(text: string): Promise<unknown>
}

/** Asserts that a socket reads the session of the page, and that the page reads what it saved. */
export async function expectSharedSession(port: number, open: (browser: Browser) => Promise<Socket>): Promise<void> {
  const browser = new Browser(port)
  await browser.post('/name/ada')
  const socket = await open(browser)
  expect(await socket.name()).toBe('ada')
  expect(await socket.note('hello')).toEqual(['hello'])
  expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada', notes: ['hello'] })
}

/**
 * Defines the tests of an application whose sockets at `/socket` close with their session, and send
 * every message back after the user. `start` starts it, and resolves to its port.
 */
export function closingStories(start: () => Promise<number>): void {
  async function logIn(port: number, user: string): Promise<Browser> {
    const browser = new Browser(port)
    await browser.post(`/login/${user}`)
    return browser
  }

  it('close when their visitor logs out, and no others do', async () => {
    const port = await start()
    const [ada, grace] = [await logIn(port, 'ada'), await logIn(port, 'grace')]
    const sockets = await Promise.all([ada, ada, grace].map(({ cookies }) => Connection.open(port, '/socket', cookies)))
    expect(await Promise.all(sockets.map((socket) => socket.ask('hi')))).toEqual(['ada: hi', 'ada: hi', 'grace: hi'])
    await ada.post('/logout')
    const [first, second, other] = sockets
    expect(await Promise.all([first?.closed, second?.closed])).toEqual([
      [4401, 'ended'],
      [4401, 'ended'],
    ])
    expect(await other?.ask('still here')).toBe('grace: still here')
  })

  it('close with `new-id` when the session gets another id, and open again with the new cookie', async () => {
    const port = await start()
    const ada = await logIn(port, 'ada')
    const socket = await Connection.open(port, '/socket', ada.cookies)
    await ada.post('/login/ada')
    expect(await socket.closed).toEqual([4401, 'new-id'])
    expect(await (await Connection.open(port, '/socket', ada.cookies)).ask('hi')).toBe('ada: hi')
  })

  it('do not stay open without a login', async () => {
    const opened = await Connection.open(await start(), '/socket', new Map()).catch((error: Error) => error)
    if (opened instanceof Error) expect(opened.message).toContain('401')
    else expect(await opened.closed).toEqual([4401, 'ended'])
  })
}

/** Opens a WebSocket whose application takes every other message than `name` as a note. */
export async function openWebSocket(port: number, path: string, { cookies }: Browser): Promise<Socket> {
  const connection = await Connection.open(port, path, cookies)
  return { name: () => connection.ask('name'), note: (text) => connection.ask(text) }
}

/**
 * Defines the tests of WebSockets that a framework opens with a response of Node. `start` starts the
 * application, and resolves to its port.
 */
export function webSocketStories(start: (onEvent?: (event: { readonly type: string }) => void) => Promise<number>): void {
  it('reads and saves the session', async () => {
    const port = await start()
    await expectSharedSession(port, (browser) => openWebSocket(port, '/socket', browser))
  })

  it('refuses what needs a cookie, and keeps the session of the page', async () => {
    const port = await start()
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/login', browser.cookies)
    expect(await connection.ask('grace')).toBe('ERR_SESSION_CONFIG')
    await connection.close()
    expect(JSON.parse((await browser.get('/')).body)).toEqual({ name: 'ada' })
  })

  it('starts no session, because no response could carry its id', async () => {
    const connection = await Connection.open(await start(), '/login', new Map())
    expect(await connection.ask('grace')).toBe('ERR_SESSION_CONFIG')
  })

  it('warns and emits an event when a connection closes with changes that were not saved', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    const events: string[] = []
    const port = await start(({ type }) => events.push(type))
    const browser = new Browser(port)
    await browser.post('/name/ada')
    const connection = await Connection.open(port, '/forgetful', browser.cookies)
    expect(await connection.ask('count')).toBe(1)
    events.length = 0
    await connection.close()
    await vi.waitFor(() => expect(events).not.toEqual([]))
    expect(warn).toHaveBeenCalledOnce()
  })
}
