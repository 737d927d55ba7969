import type { StoreLocation, StoreName } from '../stores/connections.ts'
import type { Handlers } from './handlers.ts'

/** The integration of a library into a server of one framework. */
export interface Setup<App, Context> {
  readonly install: (app: App) => unknown
  readonly handlers: Handlers<Context>
}

/** Sets up a library on one framework. `store` is its session store; cookie libraries ignore it. */
export type Library<App, Context> = (
  store: StoreName | 'cookie',
  location: StoreLocation,
) => Setup<App, Context> | Promise<Setup<App, Context>>

/** The libraries that are measured on one framework. */
export type Libraries<App, Context> = Readonly<Record<string, Library<App, Context>>>

/** Starts a server with one library on the loopback interface; returns its port. */
export type Serve = (library: string, store: StoreName | 'cookie', location: StoreLocation) => Promise<number>

/** The lifetime of all sessions: 14 days. */
export const LIFETIME = { seconds: 14 * 86_400, milliseconds: 14 * 86_400_000 } as const

/** The secret of libraries that sign or encrypt. */
export const SECRET = 'a secret of the bench, long enough for all libraries'

/**
 * Cookie options of the peers. Most peers set no `Secure` cookie over plain HTTP, so it is left
 * out; this does not change the cost.
 */
export const COOKIE = { httpOnly: true, sameSite: 'lax', secure: false, path: '/' } as const

/** Returns the library of that name; an unknown name is an error in the table of candidates. */
export function libraryOf<App, Context>(libraries: Libraries<App, Context>, name: string): Library<App, Context> {
  const library = libraries[name]
  if (library === undefined) throw new Error(`candidates.ts names the library ${name}, which this framework does not have`)
  return library
}
