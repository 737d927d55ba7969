import { ConfigError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'

/**
 * Returns the handler for the failed import of a driver: if the package is missing, the error says
 * how to install it.
 */
export function missingDriver(name: string, scheme: string): (error: unknown) => never {
  return (error) => {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND' || !String(message).includes(`'${name}'`)) throw error
    throw new ConfigError(`A store with a \`${scheme}:\` URL needs the package \`${name}\`: npm install ${name}`)
  }
}

/** Makes `close` of the store also close its client, once. */
export function withClient<S extends Store>(store: S, closeClient: () => Promise<unknown>): S {
  const closeStore = store.close?.bind(store)
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await closeStore?.()
    await closeClient()
  }
  return Object.assign(store, { close: () => (closed ??= close()) })
}

/** Returns the options that are set. */
export function definedOptions<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as ReturnType<typeof definedOptions<T>>
}
