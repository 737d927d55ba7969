import { Option } from 'commander'
import { ConfigError } from '../core/base/errors.ts'
import type { Store } from '../core/store/store.ts'

/** `--store URL`. Commander reads the environment variable if the option is missing. */
export function storeOption(): Option {
  return new Option('--store <url>', 'URL of the store; a password in it shows in `ps`, so prefer the variable').env('SOJOURN_STORE')
}

/**
 * Opens the store without creating its table, passes it to `work`, and closes it in every case. For
 * `existing` see `openStore`. Throws `ConfigError` if there is no URL.
 */
export async function withStore<T>(url: string | undefined, existing: boolean, work: (store: Store) => Promise<T>): Promise<T> {
  if (url === undefined || url === '')
    throw new ConfigError(
      'The sessions are missing. Name the module of the application, --app ./sessions.js, or the store: SOJOURN_STORE=postgres://user@host/database or --store sqlite:sessions.db',
    )
  const { openStore } = await import('../stores/open.ts')
  const store = await openStore(url, { createTable: false, existing })
  try {
    return await work(store)
  } finally {
    await store.close?.()
  }
}
