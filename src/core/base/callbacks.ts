import { ConfigError } from './errors.ts'

/**
 * Makes methods of a class throw when they get a function. A callback, as other libraries take,
 * would never be called, and the request that waits for it would never end. The first `own`
 * arguments may be functions.
 */
export function refuseCallbacks<Type extends object>(
  { prototype }: { readonly prototype: Type },
  object: string,
  names: readonly (keyof Type & string)[],
  remedy: (call: string) => string,
  own = 0,
): void {
  for (const name of names) {
    const method = prototype[name] as (...args: unknown[]) => unknown
    const checked = {
      [name](this: Type, ...args: unknown[]): unknown {
        for (let index = own; index < args.length; index += 1)
          if (typeof args[index] === 'function') throw refusal(`${object}.${name}()`, remedy)
        return Reflect.apply(method, this, args)
      },
    }
    Object.defineProperty(prototype, name, { value: checked[name] })
  }
}

function refusal(call: string, remedy: (call: string) => string): ConfigError {
  return new ConfigError(`${call} takes no callback. ${remedy(call)}`)
}

export function usePromise(call: string): string {
  return `Use the promise: await ${call}.`
}

export function continueAfter(call: string): string {
  return `Continue after ${call}: the change is saved before the response is sent. To save it at once, await session.save().`
}
