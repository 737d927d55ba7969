import { CodecError } from './errors.ts'
import { formatValue } from './format.ts'

/** The maximum length of a user id. A longer one is a mistake, such as a whole token. */
const MAX_LENGTH = 1000

/**
 * Throws `CodecError` for a value that cannot be the id of a user. `name` is that of its property.
 */
export function checkUserId(name: string, value: unknown): void {
  if (!isUserId(value))
    throw new CodecError(
      name,
      `The user id is ${value === '' ? 'an empty text' : formatValue(value)}: pass a number, or a string that is not empty. To log out, call logout().`,
    )
  if (String(value).length > MAX_LENGTH)
    throw new CodecError(name, `The user id has more than ${MAX_LENGTH} characters. Pass the key of the user.`)
}

/** Whether a value can be the id of a user: a number, or a text that is not empty. */
export function isUserId(value: unknown): value is string | number {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && value !== ''
}
