import type { StoreOperation } from '../../../src/core/base/errors.ts'
import type { Capabilities, Create, Entry, Keyed, Load, Refused, Replace, Store, Touch, Written } from '../../../src/core/store/store.ts'

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

  async load(operation: Load): Promise<Entry | undefined> {
    await this.script('load')
    return this.#inner.load(operation)
  }

  async create(operation: Create): Promise<Written | Refused> {
    await this.script('create')
    return this.#inner.create(operation)
  }

  async replace(operation: Replace): Promise<Written | Refused> {
    await this.script('replace')
    return this.#inner.replace(operation)
  }

  async touch(operation: Touch): Promise<boolean> {
    await this.script('touch')
    return this.#inner.touch(operation)
  }

  async delete(operation: Keyed): Promise<boolean> {
    await this.script('delete')
    return this.#inner.delete(operation)
  }
}
