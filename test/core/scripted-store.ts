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
 * Replaces an operation. `next` runs the operation of the inner store. The result of the script is the result of the
 * operation; if the script returns undefined, the operation of the inner store runs.
 */
export type Script = (next: () => Promise<any>, ...args: unknown[]) => unknown

/** A memory store that records its calls and whose operations can fail, hang, run twice or run late. */
export class ScriptedStore implements Store {
  readonly capabilities: Capabilities
  /** The names of the called operations, in order. */
  readonly calls: Operation[] = []
  readonly #inner: MemoryStore
  #scripts: Partial<Record<Operation, Script>>

  constructor(inner: MemoryStore, scripts: Partial<Record<Operation, Script>> = {}) {
    this.#inner = inner
    this.#scripts = scripts
    this.capabilities = inner.capabilities
  }

  /** Replaces all scripts; operations without one run as usual. */
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
    const result = await script(next, ...args)
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
  return (next, ...args) => {
    remaining -= 1
    return remaining >= 0 ? script(next, ...args) : undefined
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
