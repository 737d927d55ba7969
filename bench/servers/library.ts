import type { Handlers } from './handlers.ts'
import type { StoreLocation, StoreName } from '../stores/connections.ts'

/** What a library adds to a server of one framework. */
export interface Setup<App, Context> {
  readonly install: (app: App) => unknown
  readonly handlers: Handlers<Context>
}

/** How a library is set up on one framework. `store` is where it keeps sessions; those that know only cookies do not look at it. */
export type Library<App, Context> = (
  store: StoreName | 'cookie',
  place: StoreLocation,
) => Setup<App, Context> | Promise<Setup<App, Context>>

/** The libraries that are measured on one framework. */
export type Libraries<App, Context> = Readonly<Record<string, Library<App, Context>>>

/** Starts a server with one of them on the loopback interface; answers its port. */
export type Serve = (library: string, store: StoreName | 'cookie', place: StoreLocation) => Promise<number>

/** 14 days, everywhere. */
export const LIFETIME = { seconds: 14 * 86_400, milliseconds: 14 * 86_400_000 } as const

/** For libraries that sign or seal. */
export const SECRET = 'a secret of the bench, long enough for everybody'

/** Cookies of the peers. Over plain HTTP most would set none that is Secure, so they may leave that word out; it costs nothing. */
export const COOKIE = { httpOnly: true, sameSite: 'lax', secure: false, path: '/' } as const

/** The library of that name; a misspelt one is an error of the table of candidates. */
export function libraryOf<App, Context>(libraries: Libraries<App, Context>, name: string): Library<App, Context> {
  const library = libraries[name]
  if (library === undefined) throw new Error(`No library ${name} on this framework`)
  return library
}
