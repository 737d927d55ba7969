import { redactPasswords } from './redact-passwords.ts'

/** A value as it may stand in a message: short, of an object or a function only the kind, and a URL without its password. */
export function formatValue(value: unknown): string {
  if (typeof value === 'string') return `'${shortened(redactPasswords(value))}'`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  return Array.isArray(value) ? 'an array' : 'an object'
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}
