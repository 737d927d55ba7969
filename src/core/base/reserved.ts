/**
 * The property with the id of the user. All other reserved names begin with an underscore and are
 * hidden.
 */
export const USER = 'userId'
/**
 * The user who was last removed from this session. `login` compares the user with it and drops
 * another user's data.
 */
export const LAST_USER = '_lastUser'
/**
 * The expiry that was set for this session: `{"idle": milliseconds}` or `{"at": epoch
 * milliseconds}`.
 */
export const EXPIRY = '_expiry'
/** Whether the cookie ends with the browser, if that was set for this session. */
export const BROWSER = '_browser'

/**
 * What is known about the login: `{"user": …, "at": {level: when it was last proved}, "device":
 * …}`. `at` holds what was proved under the newest id.
 */
export const LOGIN = '_login'

/**
 * The id that the session's login replaced: `[proof, replacedAt]`. A parallel login that presents
 * it joins the session.
 */
export const FROM = '_from'
/**
 * Ids that are valid next to the newest one: `[[proof, idAt, at], …]`, newest first. `at` as in
 * `LOGIN`.
 */
export const OTHERS = '_others'
/**
 * Of a session that another store or library has made: the proof of the id under which it was
 * written, until its user was checked.
 */
export const UNCHECKED = '_unchecked'

/** The property of one flash message. The id has no dot. */
export function flashName(key: string, id: string): string {
  return `_flash.${id}.${key}`
}

/** Whether a name is that of a message with this key. */
export function isFlashOf(key: string, name: string): boolean {
  return name.startsWith('_flash.') && name.slice(name.indexOf('.', '_flash.'.length) + 1) === key
}

/** Whether a name begins with an underscore: the reserved names of this package and of Django. */
export function hasUnderscore(name: string): boolean {
  return name.startsWith('_') && name !== '__proto__'
}

/** Whether a name is one of those that this package stores in the sessions of every profile. */
export function isInternal(name: string): boolean {
  return INTERNAL.has(name) || name.startsWith('_flash.')
}

const INTERNAL: ReadonlySet<string> = new Set([EXPIRY, BROWSER, LOGIN, FROM, OTHERS, UNCHECKED])
