import { Option } from 'commander'
import { ConfigError } from '../core/base/errors.ts'
import type { Store } from '../core/store/store.ts'

/** `--store URL`; commander reads the environment variable where the option is not given. */
export function storeOption(): Option {
  return new Option('--store <url>', 'where the sessions are; a password in it shows in `ps`: rather set the variable').env('SOJOURN_STORE')
}

/** Does something with the store, which creates no table by itself, and closes it whatever comes of that. `existing`: see `openStore`. */
export async function withStore<T>(url: string | undefined, existing: boolean, work: (store: Store) => Promise<T>): Promise<T> {
  if (url === undefined || url === '')
    throw new ConfigError('Say where the sessions are: SOJOURN_STORE=postgres://user@host/database, or --store sqlite:sessions.db')
  const { openStore } = await import('../stores/open.ts')
  const store = await openStore(url, { createTable: false, existing })
  try {
    return await work(store)
  } finally {
    await store.close?.()
  }
}
