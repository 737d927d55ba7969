/** Whether this is Cloudflare Workers, where a request cannot wait for the I/O of another. */
export function isWorkers(): boolean {
  return globalThis.navigator?.userAgent === 'Cloudflare-Workers'
}
