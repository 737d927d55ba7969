/**
 * Base64url without padding, of a string with one character per byte. Uses `btoa` because every
 * runtime has it, while `Buffer` may be missing.
 */
export function toBase64url(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The decoded bytes, one character per byte. Throws if the text is not base64url. */
export function fromBase64url(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}
