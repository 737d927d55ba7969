import { ConfigError } from '../../core/base/errors.ts'

/** A call of the store that waits to be released. */
export interface GatedCall {
  readonly method: string
  release(): void
}

type Methods = Record<string, (...args: unknown[]) => unknown>

/**
 * The methods of stores with callbacks or `get` and `set`, as express-session and koa-session use
 * them.
 */
const GET_AND_SET = ['get', 'set', 'touch', 'destroy']
const OURS = ['load', 'create', 'replace', 'touch', 'delete', 'deleteByIndex', 'list']

/**
 * The methods of a store that read, write and delete sessions. Throws `ConfigError` if it has none.
 */
export function methodsOf(store: object): readonly string[] {
  const has = (name: string): boolean => typeof Reflect.get(store, name) === 'function'
  const methods = (has('get') && has('set') ? GET_AND_SET : OURS).filter(has)
  if (methods.length > 0) return methods
  throw new ConfigError('race: the option `store` has no method that reads or writes sessions. Name its methods with the option `methods`.')
}

/** Holds the calls of a store until they are released. */
export class StoreGate {
  /** Called with each call. While it is not set, calls pass. */
  onCall: ((call: GatedCall) => void) | undefined
  readonly #restore: readonly (() => void)[]

  constructor(store: object, methods: readonly string[]) {
    this.#restore = methods.map((method) => this.#hold(store as Methods, method))
  }

  /** Restores the methods. Calls that wait are not released. */
  open(): void {
    this.onCall = undefined
    for (const restore of this.#restore) restore()
  }

  #hold(store: Methods, method: string): () => void {
    const isOwn = Object.hasOwn(store, method)
    const original = store[method] as Methods[string]
    // A store with callbacks ignores the promise.
    store[method] = (...args) => this.#turn(method).then(() => Reflect.apply(original, store, args))
    return () => {
      if (isOwn) store[method] = original
      else Reflect.deleteProperty(store, method)
    }
  }

  #turn(method: string): Promise<void> {
    const { onCall } = this
    return onCall === undefined ? Promise.resolve() : new Promise((release) => onCall({ method, release }))
  }
}
