/** The HTTP status an error asks for, where that is one of an error; no error is ever told as a success or a redirect. */
export function errorStatus(error: unknown): number {
  const status = (error as { readonly status?: unknown } | undefined)?.status
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : 500
}

/** Where no framework handles an error, its developer has to see it. */
export function reportError(error: unknown): void {
  if (errorStatus(error) >= 500) console.error(error)
}
