import { ConfigError } from '../../core/base/errors.ts'

/** The parsed URL of a store. Its errors do not contain the URL, which may contain a password. */
export interface StoreUrl {
  /** Without the colon. */
  readonly scheme: string
  /** The part between the scheme and the parameters, not decoded. */
  readonly location: string
  /** Returns a parameter and removes it, so that it is not passed to the driver. */
  take(name: string): string | undefined
  /**
   * Throws if there are parameters that were not taken. For stores whose driver does not check
   * them.
   */
  refuseUnknown(known: readonly string[]): void
  /** The URL for the driver, without the parameters that were taken. */
  forDriver(): string
}

/** @throws ConfigError when the value is not a URL. */
export function parseStoreUrl(url: unknown): StoreUrl {
  const [, scheme, location = '', query = ''] = /^([a-z][a-z0-9+]*):([^?]*)\??(.*)$/is.exec(typeof url === 'string' ? url : '') ?? []
  if (scheme === undefined)
    throw new ConfigError('The URL of the store has no scheme. Pass a URL such as `sqlite:sessions.db` or `postgres://user@host/database`.')
  const parameters = new URLSearchParams(query)
  return {
    scheme: scheme.toLowerCase(),
    location,
    take(name) {
      const value = parameters.get(name) ?? undefined
      parameters.delete(name)
      return value
    },
    refuseUnknown(known) {
      const [unknown] = parameters.keys()
      if (unknown === undefined) return
      const names = known.map((name) => `\`${name}\``).join(', ')
      throw new ConfigError(`The URL of a \`${scheme}:\` store has no parameter \`${unknown}\`. The parameters are ${names}.`)
    },
    forDriver() {
      refuseInvalid(scheme, location)
      return `${scheme}:${location}${parameters.size === 0 ? '' : `?${parameters}`}`
    },
  }
}

/** Refuses URLs here, because the error of a driver may contain the URL. */
function refuseInvalid(scheme: string, location: string): void {
  // PostgreSQL allows a URL without a host after the `@`, with the host among the parameters.
  const isValid = location.startsWith('//') && !location.includes('#') && URL.canParse(`${scheme}:${location.replace('@/', '@host/')}`)
  if (isValid) return
  throw new ConfigError(
    `The URL of the \`${scheme}:\` store is invalid. Write it as \`${scheme}://user:password@host/database\`. ` +
      'Percent-encode special characters in the user and the password: %23 for #, %2F for /, %3A for :, %3F for ?, %40 for @.',
  )
}
