import type { EndedIndex, LifecycleContext } from '../../core/config/lifecycle.ts'
import { sha256 } from '../../core/store/id.ts'
import { isTombstone, tombstone } from '../../core/store/tombstone.ts'

/**
 * Remembers for which users `users.revoke` was called, because sessions that are only in the old
 * store cannot be found by their user. A mark is a row without a session.
 */
export class Revocations {
  readonly #context: Pick<LifecycleContext, 'store' | 'now' | 'end'>
  readonly #randomText: (length: number) => string
  /** How long a mark is kept, in milliseconds. */
  readonly #lifetime: number

  constructor(context: Pick<LifecycleContext, 'store' | 'now' | 'end'>, randomText: (length: number) => string, lifetime: number) {
    this.#context = context
    this.#randomText = randomText
    this.#lifetime = lifetime
  }

  /**
   * Writes the mark, and then ends what was carried over between the deletion of the sessions and
   * the mark.
   */
  async add({ index, name, except, reason, deadline }: EndedIndex): Promise<void> {
    const { store, now, end } = this.#context
    await this.#write(keyOf(name), deadline)
    let cursor: string | undefined
    do {
      const page = await store.list({ now: now(), index, name, cursor, deadline })
      for (const [key] of page.entries) if (key !== except) await end({ key, handle: key, reason, deadline })
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  /** Whether the sessions of this user were ended. `name` is the `userId` of an entry. */
  async has(name: string, deadline: number): Promise<boolean> {
    const { store, now } = this.#context
    const mark = await store.load({ key: keyOf(name), now: now(), fresh: true, deadline })
    return mark !== undefined && isTombstone(mark)
  }

  async #write(key: string, deadline: number): Promise<void> {
    const { store, now } = this.#context
    const entry = tombstone(this.#randomText(VERSION_LENGTH), now(), now() + this.#lifetime)
    const created = await store.create({ key, entry, deadline })
    if (created.ok) return
    const found = await store.load({ key, now: 0, fresh: true, deadline })
    // If it is changed in between, another call has just written the same mark.
    if (found !== undefined) await store.replace({ key, entry, expected: found.version, now: 0, deadline })
  }
}

const VERSION_LENGTH = 12

function keyOf(name: string): string {
  return sha256(`carry-over revoked ${name}`)
}
