/**
 * Whether this is Cloudflare Workers, where a request cannot wait for I/O that another one began.
 */
export function isWorkers(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}
