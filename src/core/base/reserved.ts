/**
 * The names that mean something to us. All but `userId` begin with an underscore and never show as properties.
 */
export const USER = 'userId'
/** The user who was removed from this session last, so that the next login knows whose data it finds. */
export const LAST_USER = '_lastUser'
/** This session's own expiry: `{"idle": milliseconds}` or `{"at": instant}`. */
export const EXPIRY = '_expiry'
/** Whether the cookie ends with the browser, where the session itself says. */
export const BROWSER = '_browser'

const FLASH = '_flash.'

/** The property a flash is kept in. */
export function flashName(name: string): string {
  return FLASH + name
}

export function isReserved(name: string): boolean {
  return name.startsWith('_') && name !== '__proto__'
}
