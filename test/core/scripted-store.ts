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

type Verb = 'load' | 'create' | 'replace' | 'touch' | 'delete'

/**
 * What an operation does instead: `next` is the operation of the store within. Whatever it returns is the answer; without a return value
 * the store within answers.
 */
export type Script = (next: () => Promise<any>, operation: Keyed) => unknown

/** A store over one in memory that can fail before or after the effect, hang, send twice, apply late, and tells what was asked of it. */
export class ScriptedStore implements Store {
  readonly capabilities: Capabilities
  /** The names of the operations, as they came. */
  readonly calls: Verb[] = []
  readonly #inner: MemoryStore
  #scripts: Partial<Record<Verb, Script>>

  constructor(inner: MemoryStore, scripts: Partial<Record<Verb, Script>> = {}) {
    this.#inner = inner
    this.#scripts = scripts
    this.capabilities = inner.capabilities
  }

  /** From now on these operations do so, the others as usual. */
  on(scripts: Partial<Record<Verb, Script>>): void {
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

  async #run(verb: Verb, next: () => Promise<any>, operation: Keyed): Promise<any> {
    this.calls.push(verb)
    const script = this.#scripts[verb]
    if (script === undefined) return next()
    const answer = await script(next, operation)
    return answer === undefined ? next() : answer
  }
}

/** Never settles. */
export function forever(): Promise<never> {
  return new Promise(() => undefined)
}

/** Waits for real. */
export function real(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Does one thing the first `count` times, and as usual from then on. */
export function times(count: number, script: Script): Script {
  let left = count
  return (next, operation) => {
    left -= 1
    return left >= 0 ? script(next, operation) : undefined
  }
}

/** The operation has its effect and then its answer is lost. */
export const lostAnswer: Script = async (next) => {
  await next()
  throw new Error('the connection was lost')
}

/** The operation never gets there. */
export const lostRequest: Script = () => {
  throw new Error('the connection was lost')
}
