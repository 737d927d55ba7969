/** The HTTP status of an error: its `status` if that is between 400 and 599, otherwise 500. */
export function errorStatus(error: unknown): number {
  const status = (error as { readonly status?: unknown } | undefined)?.status
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : 500
}

/** Logs an error with status 500 or above that no framework handles. */
export function reportError(error: unknown): void {
  if (errorStatus(error) >= 500) console.error(error)
}

/** The sentence for the visitor after a failed commit, for frameworks that make a page of it. */
export function sentenceOf(error: unknown): string {
  return errorStatus(error) === 409 ? 'Your session ended. Please reload the page.' : 'Please try again.'
}
