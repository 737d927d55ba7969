import { vi } from 'vitest'
import type { Store } from '../../../src/core/store/store.ts'
import type { Session, SessionOptions, Sessions, WatchEnd, WatchOptions } from '../../../src/index.ts'
import { withCallsIn, withMethods } from '../../helpers/changed-stores.ts'
import { type OpenStore, optionsOn } from '../attacks/stores.ts'
import { TestApp } from '../fixture.ts'

/** Another process on the same rows: a manager with a separate store object. */
export function anotherProcess(app: TestApp, options: Partial<SessionOptions> = {}): Sessions<any> {
  return app.createManager({ ...optionsOn(withMethods(app.store, {})), ...options })
}

/** Counts the loads of a store, and can fail or pause them. */
export class CountingStore {
  loads = 0
  running = 0
  maxRunning = 0
  isDown = false
  gate: Promise<void> = Promise.resolve()

  /** Returns a store over the rows of `store`. */
  over(store: Store): Store {
    return withMethods(store, {
      load: async (operation) => {
        this.loads += 1
        this.maxRunning = Math.max(this.maxRunning, (this.running += 1))
        try {
          if (this.isDown) throw new Error('down')
          const entry = await store.load(operation)
          await this.gate
          return entry
        } finally {
          this.running -= 1
        }
      },
    })
  }
}

/** Watches a session, and returns the list of reasons with which the watch ended. */
export async function watch(sessions: Sessions<any>, session: Session<any>, options?: WatchOptions): Promise<WatchEnd[]> {
  const ends: WatchEnd[] = []
  sessions.watch(session, (reason) => ends.push(reason), options)
  await settle()
  return ends
}

/** Running calls of the stores of `openTracked`. */
let running = 0

/** Opens a store for whose calls `settle` waits, which may take real time. */
export async function openTracked(open: OpenStore): Promise<Store> {
  return withCallsIn(await open(), async (_method, call) => {
    running += 1
    try {
      return await call()
    } finally {
      running -= 1
    }
  })
}

/** Waits until everything is done that needs no timer. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn = running === 0 ? turn + 1 : 0) await new Promise(setImmediate)
}

/**
 * Lets the timers run for this time, and everything that follows. The time passes in steps of a
 * second, because a call that takes real time must not reach its deadline by them.
 */
export async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= 1000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1000))
    await settle()
  }
}

/** An app in which a browser is logged in as ada, and the session of one of its requests. */
export async function loggedIn(options: Partial<SessionOptions> = {}): Promise<{ app: TestApp; session: Session<any> }> {
  const app = new TestApp(options.store === undefined ? { clearExpired: false, ...options } : options)
  await app.request((session) => session.set('cart', ['bread']).login('ada'))
  const session = await app.open()
  app.clearEvents()
  return { app, session }
}

/** Replaces the timers of the watches and of the store. */
export function useFakeTimers(): void {
  vi.useFakeTimers(FAKED)
}

/** The same where time also passes by itself, because clients of databases have timers too. */
export function usePassingTimers(): void {
  vi.useFakeTimers({ ...FAKED, shouldAdvanceTime: true, advanceTimeDelta: 5 })
}

const FAKED: Parameters<typeof vi.useFakeTimers>[0] = {
  toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
}
