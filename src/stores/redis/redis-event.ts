/** What both libraries' clients tell of themselves. */
export type RedisEvent = 'connect' | 'ready' | 'error' | 'close' | 'end'

interface Told {
  on(event: RedisEvent, listener: (cause?: unknown) => void): unknown
  off(event: RedisEvent, listener: (cause?: unknown) => void): unknown
}

/** Resolves when a client tells of `good`, rejects when it tells of one of `bad` before. */
export function eventOf(client: Told, good: RedisEvent, bad: readonly RedisEvent[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fine = (): void => resolve()
  const failed = (cause?: unknown): void => reject(cause instanceof Error ? cause : new Error('the connection was closed'))
  client.on(good, fine)
  for (const event of bad) client.on(event, failed)
  return promise.finally(() => {
    client.off(good, fine)
    for (const event of bad) client.off(event, failed)
  })
}
