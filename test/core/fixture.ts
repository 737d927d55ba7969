import { vi } from 'vitest'
import type { Entry, Store } from '../../src/core/store/store.ts'
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { incoming } from '../helpers/incoming.ts'

/** The time at which the clock of every test starts. */
export const START: number = Date.UTC(2100, 0, 1)

export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

/** Returns different bytes at every call; deterministic, so that a failure can be reproduced. */
function createCountingRandom(): (size: number) => Uint8Array {
  let count = 0
  return (size) => {
    count += 1
    const bytes = new Uint8Array(size)
    new DataView(bytes.buffer).setUint32(size - 4, count)
    return bytes
  }
}

/** A clock that moves only when a test advances it. */
export class Clock {
  at: number = START
  readonly read = (): number => this.at

  advance(by: number): void {
    this.at += by
  }
}

/** The session cookie of a browser between requests. */
export class Browser {
  cookie: string | undefined

  constructor(cookie?: string) {
    this.cookie = cookie
  }

  /** Stores or deletes the cookie of a `Set-Cookie` header. */
  applyCookies(headers: Headers): void {
    const [setCookie] = headers.getSetCookie()
    if (setCookie === undefined) return
    const pair = setCookie.slice(0, setCookie.indexOf(';'))
    this.cookie = pair.endsWith('=') ? undefined : pair
  }

  /** The value of the cookie. */
  get id(): string | undefined {
    return this.cookie?.slice(this.cookie.indexOf('=') + 1)
  }

  /** Returns another browser with the same cookie, such as a second tab or an attacker. */
  copy(): Browser {
    return new Browser(this.cookie)
  }
}

export interface RequestResult<T> {
  readonly result: T
  readonly headers: Headers
  readonly session: Session<any>
}

type MakeManager = (options: SessionOptions) => Sessions<any>

/** A session manager over a memory store with a test clock, fixed ids and recorded events. */
export class TestApp {
  readonly clock: Clock = new Clock()
  readonly events: SessionEvent[] = []
  readonly memory: MemoryStore = new MemoryStore()
  readonly store: Store
  readonly sessions: Sessions<any>
  readonly browser: Browser = new Browser()

  constructor(options: Partial<SessionOptions> = {}, wrap: (store: MemoryStore) => Store = (store) => store, make?: MakeManager) {
    this.store = options.store ?? wrap(this.memory)
    this.sessions = this.createManager(options, make)
  }

  /** Creates another manager over the same store, as another process would. */
  createManager(options: Partial<SessionOptions> = {}, make: MakeManager = createSessions): Sessions<any> {
    const random = createUniqueRandom()
    return make({
      clock: this.clock.read,
      random,
      onEvent: (event) => this.events.push(event),
      ...options,
      store: options.store ?? this.store,
    })
  }

  open(browser: Browser = this.browser, sessions: Sessions<any> = this.sessions): Promise<Session<any>> {
    return sessions.open(incoming(browser.cookie))
  }

  /** Opens the session, calls the handler, commits, and applies the cookie to the browser. */
  async request<T>(
    handler: (session: Session<any>) => T | Promise<T>,
    options: { browser?: Browser; status?: number } = {},
  ): Promise<RequestResult<T>> {
    const { browser = this.browser, status = 200 } = options
    const session = await this.open(browser)
    const result = await handler(session)
    const headers = await this.sessions.commit(session, { status })
    browser.applyCookies(headers)
    return { result, headers, session }
  }

  /** Returns the properties that a new request reads, without a commit. */
  async read(browser: Browser = this.browser): Promise<Record<string, unknown>> {
    return (await this.open(browser)).toObject() as Record<string, unknown>
  }

  /** Returns all rows with their keys, including expired ones. */
  async rows(): Promise<(readonly [key: string, entry: Entry])[]> {
    return [...(await this.memory.list({ now: 0, limit: 100_000 })).entries]
  }

  /** Returns the only row with its key; throws if there are none or several. */
  async onlyRow(): Promise<readonly [key: string, entry: Entry]> {
    const [row, another] = await this.rows()
    if (row === undefined || another !== undefined) throw new Error('There is not exactly one row')
    return row
  }

  /** Returns the entry of the only row. */
  async row(): Promise<Entry> {
    return (await this.onlyRow())[1]
  }

  /** Replaces the payload of the only row in the store, as other software would. */
  async replacePayload(payload: string): Promise<void> {
    const [key, entry] = await this.onlyRow()
    const result = await this.memory.replace({
      key,
      entry: { ...entry, payload, version: `by-hand-${(payloadCount += 1)}` },
      expected: entry.version,
      now: 0,
    })
    if (!result.ok) throw new Error(result.reason)
  }

  eventTypes(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** Returns the reasons of all events of one type, in order. */
  eventReasons(type: SessionEvent['type']): string[] {
    return this.events.filter((event) => event.type === type).map(({ reason }) => reason)
  }

  /** Resolves when a store that was down is up again, which its next successful probe decides. */
  async waitForStore(): Promise<void> {
    await vi.waitUntil(() => this.eventReasons('store-up').length === this.eventReasons('store-down').length, {
      timeout: 5000,
      interval: 5,
    })
  }

  clearEvents(): void {
    this.events.length = 0
  }
}

let payloadCount = 0
let managerCount = 0

/** Returns a generator whose bytes differ from those of all other managers of the test run. */
function createUniqueRandom(): (size: number) => Uint8Array {
  managerCount += 1
  const managerId = managerCount
  const next = createCountingRandom()
  return (size) => {
    const bytes = next(size)
    new DataView(bytes.buffer).setUint16(0, managerId)
    return bytes
  }
}

/** Creates an app whose browser has a session with these properties, and clears its events. */
export async function appWith(
  properties: Record<string, unknown>,
  options: Partial<SessionOptions> = {},
  wrap?: (store: MemoryStore) => Store,
): Promise<TestApp> {
  const app = new TestApp(options, wrap)
  await app.request((session) => void session.assign(properties))
  app.clearEvents()
  return app
}

/** Returns the error that the promise rejects with. */
export async function catchRejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string; readonly status?: number }> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`rejected with ${String(error)}`, { cause: error })
  }
  throw new Error('The promise was not rejected')
}

/** Returns the error that the function throws. */
export function catchError(run: () => unknown): Error & { readonly code?: string; readonly property?: string } {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`threw ${String(error)}`, { cause: error })
  }
  throw new Error('The function did not throw')
}

export { catchError as thrown, catchRejection as rejection }
