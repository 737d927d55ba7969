import { ConfigError, StoreError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { importAppModule } from './app-module.ts'

type Callback = (error?: unknown, result?: unknown) => void

/** The methods of a store of express-session that list its sessions. Each store has other ones. */
interface ListingStore {
  ids?(callback: Callback): unknown
  list?(callback: Callback): unknown
  all?(callback: Callback): unknown
}

/** A manager whose `load` carries a session over. */
export interface CarryingSessions {
  load(sid: string): Promise<{ readonly isNew: boolean }>
  close(): Promise<void>
}

/** What the module of the application exports. */
export interface OldSessions {
  readonly sessions: CarryingSessions
  /** The sids of the old store. Their number is known if they are an array. */
  sids(): Promise<readonly string[] | AsyncIterable<string>>
}

/** Imports the module of the application. Throws `ConfigError` if something is missing in it. */
export async function loadOldSessions(path: string): Promise<OldSessions> {
  const { sessions, oldStore, sids } = await importAppModule(path)
  if (typeof (Object(sessions) as Partial<CarryingSessions>).load !== 'function')
    throw new ConfigError(`--app ${formatValue(path)} exports no manager. Export it: export const sessions = auth.sessions`)
  if (typeof sids === 'function') return { sessions: sessions as CarryingSessions, sids: async () => sids() as AsyncIterable<string> }
  if (typeof oldStore !== 'object' || oldStore === null)
    throw new ConfigError(
      `--app ${formatValue(path)} exports no old store. Export what is passed as option \`carryOver\`: export const oldStore = …`,
    )
  return { sessions: sessions as CarryingSessions, sids: () => listSids(oldStore) }
}

/**
 * connect-redis and memorystore have `ids`, session-file-store has `list`, and others have `all`.
 */
async function listSids(store: ListingStore): Promise<readonly string[]> {
  if (store.ids !== undefined) return (await call(store, 'ids')) as string[]
  if (store.list !== undefined) return ((await call(store, 'list')) as string[]).map((file) => file.replace(/\.\w+$/, ''))
  const all = store.all === undefined ? [] : await call(store, 'all')
  const sids = Array.isArray(all) ? all.map((row: { readonly sid?: unknown }) => row.sid) : Object.keys(Object(all))
  if (store.all !== undefined && sids.every((sid) => typeof sid === 'string')) return sids
  throw new ConfigError(
    'The old store cannot list its sids. Export a function that returns them as `sids`, such as: export async function* sids() { for (const { sid } of (await pool.query("SELECT sid FROM session")).rows) yield sid }',
  )
}

function call(store: ListingStore, method: 'ids' | 'list' | 'all'): Promise<unknown> {
  return new Promise((fulfil, reject) => {
    const callback: Callback = (error, result) => {
      if (error) reject(new StoreError('list', error))
      else fulfil(result)
    }
    store[method]?.(callback)
  })
}
