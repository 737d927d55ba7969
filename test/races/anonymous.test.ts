import { describe, expect, it } from 'vitest'
import { startFixture } from './fixture.ts'
import { COMBINATIONS, countRows, type TestServer } from './servers.ts'

/**
 * Sends `count` requests, 50 at a time, and returns every `Set-Cookie` and every status of the
 * responses.
 */
async function sendMany(
  server: TestServer,
  count: number,
  request: (index: number) => [target: string, cookie?: string],
): Promise<{ cookies: string[]; statuses: Set<number> }> {
  const cookies: string[] = []
  const statuses = new Set<number>()
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const response = await server.request(...request(next++))
      cookies.push(...response.setCookies)
      statuses.add(response.status)
    }
  }
  await Promise.all(Array.from({ length: 50 }, worker))
  return { cookies, statuses }
}

const READS = ['/read', '/nothing', '/delete/x', '/claim/x', '/logout', '/cycle', '/clear']

const letters = (count: number, seed: number): string =>
  Array.from(
    { length: count },
    (_, index) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[(seed * 31 + index * 17) % 64],
  ).join('')

const INVALID_COOKIES: ((index: number) => string)[] = [
  (index) => `sid=${letters(16, index)}.${letters(32, index + 7)}`,
  (index) => `sid=junk${index}`,
  () => 'sid=',
  () => 'sid',
  (index) => `sid=${letters(16, index)}.${letters(32, index)}; sid=${letters(16, index + 1)}.${letters(32, index)}`,
  (index) => `other=${index}; __Host-sid=${letters(16, index)}.${letters(32, index)}`,
  (index) => `sid="${letters(16, index)}.${letters(32, index)}"`,
  (index) => `sid=%00${index}`,
  () => `sid=${'a'.repeat(3000)}`,
  () => ';;;=;sid==;',
  () => '__proto__=1; constructor=2; sid=../../etc/passwd',
]

describe.each(COMBINATIONS)('requests without a session (%s, %s)', (storeName, serverName) => {
  it('10,000 requests that set nothing create no row and no cookie', async () => {
    const { server, store } = await startFixture(storeName, serverName)
    const { cookies, statuses } = await sendMany(server, 10_000, (index) => [READS[index % READS.length] as string])
    expect([cookies, [...statuses], await countRows(store)]).toEqual([[], [200], 0])
  })

  it('10,000 requests with an invalid cookie create no row and no cookie', async () => {
    const { server, store } = await startFixture(storeName, serverName)
    const targets = READS.filter((target) => target !== '/logout')
    const { cookies, statuses } = await sendMany(server, 10_000, (index) => [
      targets[index % targets.length] as string,
      INVALID_COOKIES[index % INVALID_COOKIES.length]?.(index) ?? '',
    ])
    expect([cookies, [...statuses], await countRows(store)]).toEqual([[], [200], 0])
  })
})
