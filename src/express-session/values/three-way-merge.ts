type Members = Readonly<Record<string, unknown>>

/**
 * Merges the change of one request, from `base` to `mine`, into the text that other requests have
 * stored, `theirs`. `undefined` stands for an absent property.
 *
 * - Members of an object are merged separately.
 * - Elements that this request appended to a list are appended.
 * - A list or a member that this request emptied or deleted loses only what this request saw.
 * - Otherwise the value of this request replaces the other.
 *
 * Pure. A text that is not JSON is replaced.
 */
export function mergeTexts(base: string | undefined, mine: string | undefined, theirs: string | undefined): string | undefined {
  if (theirs === base) return mine
  if (mine === base) return theirs
  try {
    return JSON.stringify(merge(parse(base), parse(mine), parse(theirs)))
  } catch {
    return mine
  }
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}

function merge(base: unknown, mine: unknown, theirs: unknown): unknown {
  if (isEqual(mine, base)) return theirs
  if (isEqual(theirs, base)) return mine
  const stored = theirs === undefined ? emptyLike(base, mine) : theirs
  if (Array.isArray(stored) && isListOrAbsent(mine) && isListOrAbsent(base)) return mergeLists(base ?? [], mine, stored)
  if (isObject(stored) && isObjectOrAbsent(mine) && isObjectOrAbsent(base)) return mergeObjects(base ?? {}, mine, stored)
  return mine
}

/**
 * A list or object that another request deleted counts as empty, so that nothing in it is restored.
 */
function emptyLike(base: unknown, mine: unknown): unknown {
  if (Array.isArray(base) && Array.isArray(mine)) return []
  return isObject(base) && isObject(mine) ? {} : undefined
}

/** Returns `undefined` if this request deleted the object and no other request added to it. */
function mergeObjects(base: Members, mine: Members | undefined, theirs: Members): Members | undefined {
  const names = new Set([...Object.keys(theirs), ...Object.keys(mine ?? {})])
  const members = [...names]
    .map((name) => [name, merge(member(base, name), member(mine ?? {}, name), member(theirs, name))] as const)
    .filter(([, value]) => value !== undefined)
  return mine === undefined && members.length === 0 ? undefined : Object.fromEntries(members)
}

/** Returns `undefined` if this request deleted the list and no other request appended to it. */
function mergeLists(base: readonly unknown[], mine: readonly unknown[] | undefined, theirs: readonly unknown[]): unknown {
  const after = mine ?? []
  if (base.every((element, index) => index < after.length && isEqual(element, after[index])))
    return [...theirs, ...after.slice(base.length)]
  if (!wasEmptied(base, after)) return mine
  const left = [...theirs]
  for (const seen of base) {
    const at = left.findIndex((element) => isEqual(element, seen))
    if (at >= 0) left.splice(at, 1)
  }
  return mine === undefined && left.length === 0 ? undefined : [...left, ...after]
}

/**
 * Whether a list lost all of its elements. A list that has others instead was emptied and filled
 * again, if its elements cannot have been changed in place.
 */
function wasEmptied(before: readonly unknown[], after: readonly unknown[]): boolean {
  return after.length === 0 || ([...before, ...after].every(isScalar) && !after.some((element) => before.includes(element)))
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
}

function member(object: Members, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null
}

function isObject(value: unknown): value is Members {
  return !isScalar(value) && !Array.isArray(value)
}

function isObjectOrAbsent(value: unknown): value is Members | undefined {
  return value === undefined || isObject(value)
}

function isListOrAbsent(value: unknown): value is readonly unknown[] | undefined {
  return value === undefined || Array.isArray(value)
}
