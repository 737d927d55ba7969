/**
 * Adds a field to `Vary`. Keeps what the application set; `*` covers every field, and no field is
 * repeated.
 */
export function withVary(current: string | undefined, field: string): string {
  const fields = parseList(current)
  const isCovered = fields.some((each) => each === '*' || each.toLowerCase() === field.toLowerCase())
  return isCovered ? fields.join(', ') : [...fields, field].join(', ')
}

/**
 * The `Cache-Control` of a response with a session cookie, so that no shared cache stores it.
 * Without a value of the application it is `private, no-store`. Otherwise `public` and `s-maxage`
 * are replaced by `private`, which is also added where no other directive excludes shared caches.
 */
export function withPrivacy(current: string | undefined): string {
  const directives = parseList(current)
  if (directives.length === 0) return 'private, no-store'
  const own = directives.map((each) => (/^(?:public|s-maxage)\s*(?:=|$)/i.test(each) ? 'private' : each))
  // `private="x-user"` is about that header only.
  const isPrivate = own.some((each) => /^(?:private|no-store)$/i.test(each))
  return [...new Set(isPrivate ? own : [...own, 'private'])].join(', ')
}

/**
 * The members of a list header. A comma inside a quoted string does not separate:
 * `private="set-cookie, x-user", max-age=60`.
 */
function parseList(text = ''): string[] {
  return (text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []).map((each) => each.trim()).filter((each) => each !== '')
}
