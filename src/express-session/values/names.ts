import { isInternal } from '../../core/base/reserved.ts'

/** The stored property with the id of the user who is logged in, as option `userId` returns it. */
export const USER = '_user'
/**
 * The stored property with the attributes that `req.session.cookie` has instead of the option's.
 */
export const ATTRIBUTES = '_cookie'

/** The stored property with the record of the row in the old store (option `carryOver`). */
export const BRIDGE = '_bridge'

/** Whether a stored name is reserved for this package. */
export function isReservedName(name: string): boolean {
  return name === USER || name === ATTRIBUTES || name === BRIDGE || isInternal(name)
}

/**
 * The stored name of a property of `req.session`, which may have any name. Reserved names are
 * escaped with a tilde.
 */
export function storedName(name: string): string {
  return isReservedName(name) || name.startsWith('~') ? `~${name}` : name
}

/** The properties of `req.session` among the stored ones, by their names there. */
export function propertyTexts(stored: ReadonlyMap<string, string>): Map<string, string> {
  const texts = new Map<string, string>()
  for (const [name, text] of stored) {
    if (!isReservedName(name)) texts.set(name.startsWith('~') ? name.slice(1) : name, text)
  }
  return texts
}
