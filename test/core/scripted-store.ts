import type {
  Capabilities,
  ClearExpiredOptions,
  Create,
  DeleteByIndex,
  Entry,
  Keyed,
  List,
  Load,
  Page,
  Progress,
  Refused,
  Replace,
  Store,
  Touch,
  Written,
} from '../../src/core/store/store.ts'
import type { MemoryStore } from '../../src/stores/memory.ts'

type OperationName = 'load' | 'create' | 'replace' | 'touch' | 'delete'

/**
 * Replaces an operation. `next` runs the operation of the inner store. The result of the script is
 * the result of the operation; if the script returns undefined, the operation of the inner store
 * runs.
 */
export type Script = (next: () => Promise<any>, operation: Keyed) => unknown

/**
 * A memory store that records its calls and whose operations can fail, hang, run twice or run late.
 */
export class ScriptedStore implements Store {
  readonly capabilities: Capabilities
  /** The names of the called operations, in order. */
  readonly calls: OperationName[] = []
  readonly #inner: MemoryStore
  #scripts: Partial<Record<OperationName, Script>>

  constructor(inner: MemoryStore, scripts: Partial<Record<OperationName, Script>> = {}) {
    this.#inner = inner
    this.#scripts = scripts
    this.capabilities = inner.capabilities
  }

  /** Replaces all scripts; operations without one run as usual. */
  on(scripts: Partial<Record<OperationName, Script>>): void {
    this.#scripts = scripts
  }

  load(operation: Load): Promise<Entry | undefined> {
    return this.#run('load', () => this.#inner.load(operation), operation)
  }

  create(operation: Create): Promise<Written | Refused> {
    return this.#run('create', () => this.#inner.create(operation), operation)
  }

  replace(operation: Replace): Promise<Written | Refused> {
    return this.#run('replace', () => this.#inner.replace(operation), operation)
  }

  touch(operation: Touch): Promise<boolean> {
    return this.#run('touch', () => this.#inner.touch(operation), operation)
  }

  delete(operation: Keyed): Promise<boolean> {
    return this.#run('delete', () => this.#inner.delete(operation), operation)
  }

  deleteByIndex(operation: DeleteByIndex): Promise<number> {
    return this.#inner.deleteByIndex(operation)
  }

  list(operation: List): Promise<Page> {
    return this.#inner.list(operation)
  }

  clearExpired(options: ClearExpiredOptions): AsyncIterable<Progress> {
    return this.#inner.clearExpired(options)
  }

  async #run(name: OperationName, next: () => Promise<any>, operation: Keyed): Promise<any> {
    this.calls.push(name)
    const script = this.#scripts[name]
    if (script === undefined) return next()
    const result = await script(next, operation)
    return result === undefined ? next() : result
  }
}

/** Returns a promise that never settles. */
export function neverSettles(): Promise<never> {
  return new Promise(() => undefined)
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Runs the script for the first `count` calls, and the operation of the inner store after that. */
export function firstCalls(count: number, script: Script): Script {
  let remaining = count
  return (next, operation) => {
    remaining -= 1
    return remaining >= 0 ? script(next, operation) : undefined
  }
}

/** The operation takes effect and then its response is lost. */
export const failAfterEffect: Script = async (next) => {
  await next()
  throw new Error('the connection was lost')
}

/** The operation does not reach the store. */
export const failBeforeEffect: Script = () => {
  throw new Error('the connection was lost')
}
