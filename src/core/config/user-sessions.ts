import { ConfigError } from '../base/errors.ts'
import type { Capabilities } from '../store/store.ts'

/** Whether the store finds the sessions of a user, and can keep which users were revoked. */
export function findsUsers({ compareAndSwap, list, indexes, carriesData, renames }: Capabilities): boolean {
  return compareAndSwap && list && indexes.includes('userId') && !carriesData && renames !== true
}

/** Throws `ConfigError` if the store cannot do what `subject` needs. */
export function requireUsers(subject: string, { capabilities }: { readonly capabilities: Capabilities }): void {
  if (findsUsers(capabilities)) return
  throw new ConfigError(
    `${subject} needs a store on the server that finds sessions by user (capabilities \`list\`, \`indexes\` and \`compareAndSwap\`), and this store does not. Pass another \`store\`, such as \`new SqliteStore(…)\`.`,
  )
}
