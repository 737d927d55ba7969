/**
 * Adds a field to `Vary`. Keeps the value of the application; `*` covers every field, and no field
 * is repeated.
 */
export function withVary(current: string | undefined, field: string): string {
  const fields = parseList(current)
  const isCovered = fields.some((item) => item === '*' || item.toLowerCase() === field.toLowerCase())
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
  const own = directives.map((directive) => (/^(?:public|s-maxage)\s*(?:=|$)/i.test(directive) ? 'private' : directive))
  // `private="x-user"` applies to that header only.
  const isPrivate = own.some((directive) => /^(?:private|no-store)$/i.test(directive))
  return [...new Set(isPrivate ? own : [...own, 'private'])].join(', ')
}

/**
 * The header fields that keep shared caches from storing a response with a session cookie.
 * `Cache-Control` is always set. Fields for CDNs and proxies take precedence there, so they are
 * changed if they are set. With `isUnstored` no cache may store it, that of the client included: the
 * token is in a header that a program reads, as the tokens of RFC 6750.
 */
export function privacyOf(
  names: Iterable<string>,
  valueOf: (name: string) => string | undefined,
  isUnstored = false,
): [name: string, value: string][] {
  const fields: [string, string][] = [['Cache-Control', withPrivacy(isUnstored ? undefined : valueOf('Cache-Control'))]]
  for (const name of names) {
    const convert = TARGETED.find(([pattern]) => pattern.test(name))?.[1]
    if (convert !== undefined) fields.push([name, convert(valueOf(name))])
  }
  return fields
}

const TARGETED: readonly (readonly [RegExp, (current: string | undefined) => string])[] = [
  [/^.+-cache-control$/i, withPrivacy], // CDN-Cache-Control of RFC 9213, and those of single vendors
  [/^(?:surrogate|edge)-control$/i, withoutStoring],
  [/^x-accel-expires$/i, () => '0'],
]

/** These fields have no `private`. `content` says how a proxy processes the body. */
function withoutStoring(current: string | undefined): string {
  return ['no-store', ...parseList(current).filter((member) => /^content\s*=/i.test(member))].join(', ')
}

/**
 * The members of a list header. A comma inside a quoted string does not separate:
 * `private="set-cookie, x-user", max-age=60`.
 */
function parseList(text = ''): string[] {
  return (text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []).map((member) => member.trim()).filter((each) => each !== '')
}
