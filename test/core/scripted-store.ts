import type {
  Capabilities,
  ClearExpiredOptions,
  Entry,
  ListQuery,
  Page,
  Progress,
  Refused,
  Store,
  Version,
  Written,
} from '../../src/core/store/store.ts'
import type { MemoryStore } from '../../src/stores/memory.ts'

type Operation = 'load' | 'create' | 'replace' | 'touch' | 'delete'

/**
 * What an operation does instead: `next` is the operation of the store within. Whatever it returns is the answer; without a return value
 * the store within answers.
 */
export type Script = (next: () => Promise<any>, ...args: unknown[]) => unknown

/** A store over one in memory that can fail before or after the effect, hang, send twice, apply late, and tells what was asked of it. */
export class ScriptedStore implements Store {
  readonly capabilities: Capabilities
  /** The names of the operations, as they came. */
  readonly calls: Operation[] = []
  readonly #inner: MemoryStore
  #scripts: Partial<Record<Operation, Script>>

  constructor(inner: MemoryStore, scripts: Partial<Record<Operation, Script>> = {}) {
    this.#inner = inner
    this.#scripts = scripts
    this.capabilities = inner.capabilities
  }

  /** From now on these operations do so, the others as usual. */
  on(scripts: Partial<Record<Operation, Script>>): void {
    this.#scripts = scripts
  }

  load(...args: [key: string, now: number, options?: { readonly fresh?: boolean }]): Promise<Entry | undefined> {
    return this.#run('load', () => this.#inner.load(args[0], args[1]), args)
  }

  create(...args: [key: string, entry: Entry]): Promise<Written | Refused> {
    return this.#run('create', () => this.#inner.create(...args), args)
  }

  replace(...args: [key: string, entry: Entry, expected: Version, now: number]): Promise<Written | Refused> {
    return this.#run('replace', () => this.#inner.replace(...args), args)
  }

  touch(...args: [key: string, expiresAt: number, expected: Version, now: number]): Promise<boolean> {
    return this.#run('touch', () => this.#inner.touch(...args), args)
  }

  delete(...args: [key: string]): Promise<boolean> {
    return this.#run('delete', () => this.#inner.delete(...args), args)
  }

  deleteUser(userId: string, options?: { readonly except?: string }): Promise<number> {
    return this.#inner.deleteUser(userId, options)
  }

  list(query: ListQuery): Promise<Page> {
    return this.#inner.list(query)
  }

  clearExpired(options: ClearExpiredOptions): AsyncIterable<Progress> {
    return this.#inner.clearExpired(options)
  }

  async #run(operation: Operation, next: () => Promise<any>, args: readonly unknown[]): Promise<any> {
    this.calls.push(operation)
    const script = this.#scripts[operation]
    if (script === undefined) return next()
    const answer = await script(next, ...args)
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
  return (next, ...args) => {
    left -= 1
    return left >= 0 ? script(next, ...args) : undefined
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
