/** `Vary` with a field more: what the application wrote is kept, `*` covers everything, and no field is named twice. */
export function withVary(current: string | undefined, field: string): string {
  if (current === undefined) return field
  const fields = listed(current)
  const known = fields.some((each) => each === '*' || each.toLowerCase() === field.toLowerCase())
  return known ? fields.join(', ') : [...fields, field].join(', ')
}

/**
 * `Cache-Control` of a response that carries a session cookie: no cache that several people share may keep it. Where the application
 * decided nothing it is `private, no-store`; where it did, `public` and `s-maxage` give way to `private`, which is added where nothing else
 * keeps such caches away.
 */
export function withPrivacy(current: string | undefined): string {
  const directives = listed(current)
  if (directives.length === 0) return 'private, no-store'
  const own = directives.map((each) => (isForShared(each) ? 'private' : each))
  return [...new Set(own.some(isForOne) ? own : [...own, 'private'])].join(', ')
}

/** A `private="x-user"` speaks of that header only. */
function isForOne(directive: string): boolean {
  return /^(?:private|no-store)$/i.test(directive)
}

function isForShared(directive: string): boolean {
  return /^(?:public|s-maxage)\s*(?:=|$)/i.test(directive)
}

/** The members of a list header. A comma inside a quoted string separates nothing: `private="set-cookie, x-user", max-age=60`. */
function listed(text = ''): string[] {
  return (text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []).map((each) => each.trim()).filter((each) => each !== '')
}
