/** Whether a value can be the id of a user: a number, or a text that is not empty. */
export function isUserId(value: unknown): value is string | number {
  return typeof value === 'number' ? Number.isFinite(value) : typeof value === 'string' && value !== ''
}
