import type { StoreOperation } from '../../../src/core/base/errors.ts'
import type { Capabilities, Entry, Refused, Store, Version, Written } from '../../../src/core/store/store.ts'

/** Runs before an operation; it can delay the operation or reject it. */
export type Script = (operation: StoreOperation) => void | Promise<void>

/** A store that runs the current script before each operation of the inner store. */
export class ScriptedStore implements Store {
  readonly capabilities: Capabilities
  readonly #inner: Store
  script: Script = () => undefined

  constructor(inner: Store) {
    this.#inner = inner
    this.capabilities = inner.capabilities
  }

  async load(key: string, now: number, options?: { readonly fresh?: boolean }): Promise<Entry | undefined> {
    await this.script('load')
    return this.#inner.load(key, now, options)
  }

  async create(key: string, entry: Entry): Promise<Written | Refused> {
    await this.script('create')
    return this.#inner.create(key, entry)
  }

  async replace(key: string, entry: Entry, expected: Version, now: number): Promise<Written | Refused> {
    await this.script('replace')
    return this.#inner.replace(key, entry, expected, now)
  }

  async touch(key: string, expiresAt: number, expected: Version, now: number): Promise<boolean> {
    await this.script('touch')
    return this.#inner.touch(key, expiresAt, expected, now)
  }

  async delete(key: string): Promise<boolean> {
    await this.script('delete')
    return this.#inner.delete(key)
  }
}
