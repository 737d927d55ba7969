/** Base64url without padding, of a text with a character for every byte. Unlike `Buffer`, every runtime has what it is made of. */
export function toBase64url(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** The text with a character for every byte. Throws when it is no base64url. */
export function fromBase64url(text: string): string {
  return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
}
