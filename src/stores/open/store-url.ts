import { ConfigError } from '../../core/base/errors.ts'

/** The URL of a store, taken apart. What is wrong with it is told without showing it: it may hold a password. */
export interface StoreUrl {
  /** Without the colon. */
  readonly scheme: string
  /** What stands between the scheme and the parameters, as it was written. */
  readonly place: string
  /** Takes a parameter out, so that it does not go to the driver. */
  take(name: string): string | undefined
  /** Refuses what was not taken, where no driver is there to know it. */
  refuseRest(known: readonly string[]): void
  /** The URL as its driver is to see it. */
  forDriver(): string
}

/** @throws ConfigError when it is no URL at all. */
export function readStoreUrl(url: unknown): StoreUrl {
  const [, scheme, place = '', query = ''] = /^([a-z][a-z0-9+]*):([^?]*)\??(.*)$/is.exec(typeof url === 'string' ? url : '') ?? []
  if (scheme === undefined)
    throw new ConfigError(
      'A store is opened by a URL such as `sqlite:sessions.db` or `postgres://user@host/database`; what was given is none.',
    )
  const parameters = new URLSearchParams(query)
  return {
    scheme: scheme.toLowerCase(),
    place,
    take(name) {
      const value = parameters.get(name) ?? undefined
      parameters.delete(name)
      return value
    },
    refuseRest(known) {
      const [unknown] = parameters.keys()
      if (unknown === undefined) return
      const names = known.map((name) => `\`${name}\``).join(', ')
      throw new ConfigError(`The URL of a \`${scheme}:\` store has no parameter \`${unknown}\`. The parameters are ${names}.`)
    },
    forDriver() {
      const rest = parameters.size === 0 ? '' : `?${parameters}`
      return `${scheme}:${checkedServer(scheme, place)}${rest}`
    },
  }
}

/** Drivers tell what is wrong with a URL each in their own way, some by showing it. */
function checkedServer(scheme: string, place: string): string {
  // A server may be left out behind an `@`: it then stands among the parameters.
  const right = place.startsWith('//') && !place.includes('#') && URL.canParse(`${scheme}:${place.replace('@/', '@host/')}`)
  if (right) return place
  throw new ConfigError(
    `The URL of the \`${scheme}:\` store cannot be read: it looks like \`${scheme}://user:password@host/database\`. ` +
      'Percent-encode what is special in a user or password: %23 for #, %2F for /, %3A for :, %3F for ?, %40 for @.',
  )
}
