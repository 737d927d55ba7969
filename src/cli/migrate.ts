import type { Store } from '../core/store/store.ts'
import { EXIT } from './exit-code.ts'

/** Creates what the store needs, or prints the statements that would, and answers the exit code. */
export async function migrate(store: Store, { dryRun = false }: { readonly dryRun?: boolean }): Promise<number> {
  const statements = await store.migrate?.({ dryRun })
  if (statements === undefined) console.error('Nothing to do: this store needs no schema.')
  else if (statements === '') console.error('Nothing to do: the table and its indexes are there.')
  else if (dryRun) process.stdout.write(statements)
  else console.error('Done: the table and its indexes are there now.')
  return EXIT.done
}
