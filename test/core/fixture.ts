import { vi } from 'vitest'
import type { Entry, Store } from '../../src/core/store/store.ts'
import { createSessions, type Session, type SessionEvent, type SessionOptions, type Sessions } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { incoming } from '../incoming.ts'

/** The instant at which every test begins. */
export const START: number = Date.UTC(2100, 0, 1)

export const MINUTE = 60_000
export const HOUR = 3_600_000
export const DAY = 86_400_000

/** Answers bytes that nobody had before; deterministic, so that a failure can be repeated. */
function countingRandom(): (size: number) => Uint8Array {
  let count = 0
  return (size) => {
    count += 1
    const bytes = new Uint8Array(size)
    new DataView(bytes.buffer).setUint32(size - 4, count)
    return bytes
  }
}

/** A time that moves only when it is told to. */
export class Clock {
  at: number = START
  readonly read = (): number => this.at

  advance(by: number): void {
    this.at += by
  }
}

/** What a browser remembers between requests: one cookie. */
export class Browser {
  cookie: string | undefined

  constructor(cookie?: string) {
    this.cookie = cookie
  }

  /** Does what a `Set-Cookie` says. */
  obey(headers: Headers): void {
    const [setCookie] = headers.getSetCookie()
    if (setCookie === undefined) return
    const pair = setCookie.slice(0, setCookie.indexOf(';'))
    this.cookie = pair.endsWith('=') ? undefined : pair
  }

  /** The value of the cookie. */
  get id(): string | undefined {
    return this.cookie?.slice(this.cookie.indexOf('=') + 1)
  }

  /** Another tab, or a thief, with what this browser has now. */
  copy(): Browser {
    return new Browser(this.cookie)
  }
}

export interface Visit<T> {
  readonly result: T
  readonly headers: Headers
  readonly session: Session<any>
}

/** A manager over a store in memory, with a clock and a generator that tests control, and all it told about itself. */
export class World {
  readonly clock: Clock = new Clock()
  readonly events: SessionEvent[] = []
  readonly memory: MemoryStore = new MemoryStore()
  readonly store: Store
  readonly sessions: Sessions<any>
  readonly browser: Browser = new Browser()

  constructor(options: Partial<SessionOptions> = {}, wrap: (store: MemoryStore) => Store = (store) => store) {
    this.store = options.store ?? wrap(this.memory)
    this.sessions = this.manager(options)
  }

  /** A further manager over the same store, as in another process. */
  manager(options: Partial<SessionOptions> = {}): Sessions<any> {
    const random = crossProcessRandom()
    return createSessions<any>({
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

  /** A whole request: open, handle, commit, and the browser does as it is told. */
  async visit<T>(
    handler: (session: Session<any>) => T | Promise<T>,
    options: { browser?: Browser; status?: number } = {},
  ): Promise<Visit<T>> {
    const { browser = this.browser, status = 200 } = options
    const session = await this.open(browser)
    const result = await handler(session)
    const headers = await this.sessions.commit(session, { status })
    browser.obey(headers)
    return { result, headers, session }
  }

  /** What a further request reads; it changes nothing. */
  async read(browser: Browser = this.browser): Promise<Record<string, unknown>> {
    return (await this.open(browser)).toObject() as Record<string, unknown>
  }

  /** All rows with their keys, expired ones included. */
  async rows(): Promise<(readonly [key: string, entry: Entry])[]> {
    return [...(await this.memory.list({ now: 0, limit: 100_000 })).entries]
  }

  /** The only row there is, with its key. */
  async onlyRow(): Promise<readonly [key: string, entry: Entry]> {
    const [row, another] = await this.rows()
    if (row === undefined || another !== undefined) throw new Error('There is not exactly one row')
    return row
  }

  /** The entry of the only row. */
  async row(): Promise<Entry> {
    return (await this.onlyRow())[1]
  }

  /** Puts a payload into the only row by hand, as other software would. */
  async plant(payload: string): Promise<void> {
    const [key, entry] = await this.onlyRow()
    const answer = await this.memory.replace({
      key,
      entry: { ...entry, payload, version: `by-hand-${(planted += 1)}` },
      expected: entry.version,
      now: 0,
    })
    if (!answer.ok) throw new Error(answer.reason)
  }

  types(): string[] {
    return this.events.map(({ type }) => type)
  }

  /** Reasons of the events of one type, in order. */
  reasons(type: SessionEvent['type']): string[] {
    return this.events.filter((event) => event.type === type).map(({ reason }) => reason)
  }

  /** Resolves when a store that was away is back: asked again, it has answered. */
  async back(): Promise<void> {
    await vi.waitUntil(() => this.reasons('store-up').length === this.reasons('store-down').length, { timeout: 5000, interval: 5 })
  }

  forgetEvents(): void {
    this.events.length = 0
  }
}

let planted = 0
let managers = 0

/** No two managers of one test run draw the same. */
function crossProcessRandom(): (size: number) => Uint8Array {
  managers += 1
  const mine = managers
  const next = countingRandom()
  return (size) => {
    const bytes = next(size)
    new DataView(bytes.buffer).setUint16(0, mine)
    return bytes
  }
}

/** A world with a session in it that holds these properties; events so far are forgotten. */
export async function worldWith(
  properties: Record<string, unknown>,
  options: Partial<SessionOptions> = {},
  wrap?: (store: MemoryStore) => Store,
): Promise<World> {
  const world = new World(options, wrap)
  await world.visit((session) => void session.assign(properties))
  world.forgetEvents()
  return world
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string; readonly status?: number }> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`rejected with ${String(error)}`, { cause: error })
  }
  throw new Error('It was not rejected')
}

/** What a function threw. */
export function thrown(work: () => unknown): Error & { readonly code?: string; readonly property?: string } {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
    throw new Error(`threw ${String(error)}`, { cause: error })
  }
  throw new Error('It did not throw')
}
