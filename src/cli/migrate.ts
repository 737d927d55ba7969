import type { Store } from '../core/store/store.ts'
import { EXIT } from './exit-code.ts'

/**
 * Creates what is missing of the schema of the store, or with `dryRun` prints its statements, and
 * returns the exit code.
 */
export async function migrate(store: Store, { dryRun = false }: { readonly dryRun?: boolean }): Promise<number> {
  const statements = await store.migrate?.({ dryRun })
  if (statements === undefined) console.error('Nothing to do: this store needs no schema.')
  else if (statements === '') console.error('Nothing to do: the table and its indexes exist.')
  else if (dryRun) process.stdout.write(statements)
  else console.error(`Done: the ${statements.includes('CREATE TABLE') ? 'table and its' : 'missing'} indexes were created.`)
  return EXIT.done
}
