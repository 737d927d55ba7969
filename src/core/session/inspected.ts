import { isReserved } from '../base/reserved.ts'
import type { Draft } from '../draft/draft.ts'

/** By which Node, Bun and Deno ask an object how it is to be printed. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * A session as `console.log` prints it: how it stands, and the names of its properties. Never an id or a value, for it ends up in a log.
 * Looking so is no use of it.
 */
export function formatSession({ state, currentIdentity, properties }: Draft): string {
  const names = [...properties.texts.keys()].filter((name) => !isReserved(name))
  return `Session ${JSON.stringify({ state: state.is, handle: currentIdentity?.handle, properties: names })}`
}
