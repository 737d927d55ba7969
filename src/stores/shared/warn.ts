/** Where a store's warnings go when nobody says otherwise. */
export function warn(message: string): void {
  console.warn(`sojourn: ${message}`)
}
