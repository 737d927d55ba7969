/** A page of the inspector. */
export type Target = Readonly<Record<string, string | undefined>>

/**
 * A link to a page. It has only a query, so it is resolved against the address of the present page,
 * whatever prefix a router or a proxy gives it.
 */
export function link(target: Target): string {
  const given = Object.entries(target).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')
  return `?${new URLSearchParams(given)}`
}
