import { shareValue } from '../base/copies.ts'
import type { MessageKind } from './channel.ts'
import type { Store } from './store.ts'

/** Called when sessions have ended, or have another id or another user. */
export type OnEnded = (kind: Exclude<MessageKind, 'changed'>, value: string) => void

/** All managers of a store, also those of other copies of this package, announce to all others. */
const LISTENERS = shareValue('storeListeners', () => new WeakMap<Store, Set<OnEnded>>())

/** Announces in this process which sessions of a store have ended. */
export class EndedSessions {
  readonly #listeners: Set<OnEnded>

  constructor(store: Store) {
    this.#listeners = LISTENERS.get(store) ?? new Set()
    LISTENERS.set(store, this.#listeners)
  }

  announce(...message: Parameters<OnEnded>): void {
    for (const listener of this.#listeners) listener(...message)
  }

  /** Returns a function that removes the listener. */
  listen(listener: OnEnded): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
