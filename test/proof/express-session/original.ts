import { createRequire } from 'node:module'
import { FaultyConnection } from '../faults/faulty-connection.ts'
import type { FaultRates } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'
import type { Middleware } from './http.ts'

type Callback = (error?: unknown, result?: unknown) => void
type Method = 'get' | 'set' | 'destroy' | 'touch'

/** Not imported, because its types declare `req.session` for all files. */
const expressSession = createRequire(import.meta.url)('express-session') as {
  (options: object): Middleware
  readonly MemoryStore: new () => object
}

/** The rows of a store for express-session. Like its `MemoryStore`, without the turns of the event loop. */
export class OldRows {
  readonly #rows = new Map<string, string>()

  get(sid: string): object | undefined {
    const row = this.#rows.get(sid)
    return row === undefined ? undefined : JSON.parse(row)
  }

  set(sid: string, session: object): void {
    this.#rows.set(sid, JSON.stringify(session))
  }

  destroy(sid: string): void {
    this.#rows.delete(sid)
  }

  touch(sid: string, { cookie }: { readonly cookie: object }): void {
    const row = this.get(sid)
    if (row !== undefined) this.set(sid, { ...row, cookie })
  }
}

/** A store for express-session that runs every operation on the rows through `send`. */
function storeOn(rows: OldRows, send: (method: Method, work: () => Promise<unknown>) => Promise<unknown>): object {
  const perform = (method: Method, sid: string, row: any): unknown => (method === 'get' ? rows.get(sid) : rows[method](sid, row))
  const call =
    (method: Method) =>
    (sid: string, ...args: unknown[]): void => {
      const done = args.pop() as Callback
      send(method, async () => perform(method, sid, args[0])).then((result) => done(null, result), done)
    }
  return { get: call('get'), set: call('set'), destroy: call('destroy'), touch: call('touch') }
}

/** A store for express-session with an unreliable connection, as one process sees it. */
export function faultyOldStore(rows: OldRows, faultRates: FaultRates, random: Random): object {
  const connection = new FaultyConnection(faultRates, random)
  const operations = { get: 'load', set: 'replace', destroy: 'delete', touch: 'touch' } as const
  return storeOn(rows, (method, work) => connection.send(operations[method], work))
}

/** express-session on a store that is slow and never fails. */
export function slowOriginal(secret: string, rows: OldRows, random: Random, latency: number): Middleware {
  const wait = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random.next() * latency))
  const store = Object.assign(
    new expressSession.MemoryStore(),
    storeOn(rows, (_, work) => wait().then(work)),
  )
  const genid = (): string => Buffer.from(random.bytes(16)).toString('hex')
  return expressSession({ secret, resave: false, saveUninitialized: false, store, genid })
}
