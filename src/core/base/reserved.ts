/**
 * The property with the id of the user. All other reserved names begin with an underscore and are
 * hidden.
 */
export const USER = 'userId'
/**
 * The user who was last removed from this session. The next login compares itself with it, to drop
 * another user's data.
 */
export const LAST_USER = '_lastUser'
/**
 * The expiry that the session has set for itself: `{"idle": milliseconds}` or `{"at": epoch
 * milliseconds}`.
 */
export const EXPIRY = '_expiry'
/** Whether the cookie ends with the browser, where the session itself decides. */
export const BROWSER = '_browser'

/** The property of a flash. */
export function flashName(name: string): string {
  return `_flash.${name}`
}

/** Whether a name is reserved for this package, so that it is neither shown nor writable. */
export function isReserved(name: string): boolean {
  return name.startsWith('_') && name !== '__proto__'
}
