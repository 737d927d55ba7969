import { ConfigError } from '../../core/base/errors.ts'

/** What to do with the failed import of a driver: one that is not there is said to be missing, and how to get it. */
export function missingDriver(name: string, scheme: string): (error: unknown) => never {
  return (error) => {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) throw error
    throw new ConfigError(`A store with a \`${scheme}:\` URL needs the package \`${name}\`: npm install ${name}`)
  }
}
