/**
 * Formats a value for a message: short, of an object or a function only its kind, and URLs without
 * their passwords.
 */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(redactPasswords(value))}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

/**
 * Removes the passwords of URLs from a text. A password may contain spaces and other characters
 * that should have been encoded.
 */
export function redactPasswords(text: string): string {
  return text.replace(/(\/\/[^\s:/@]*:).*@(?=[\w/?[])/g, '$1***@').replace(/([?&]password=)[^\s&]*/gi, '$1***')
}
