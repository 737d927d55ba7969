import type { Draft } from './draft.ts'
import type { Lifetime } from './expiry.ts'
import type { Values } from './values.ts'

/** What a session asks of its manager: all that needs the store, the clock or the codec. */
export interface Keeper {
  readonly values: Values
  readonly lifetime: Lifetime
  readonly now: () => number
  claim(draft: Draft, name: string): Promise<string | undefined>
  save(draft: Draft): Promise<void>
  load(draft: Draft): Promise<void>
  reload(draft: Draft): Promise<void>
}
