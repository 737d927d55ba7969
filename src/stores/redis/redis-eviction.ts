import type { RedisConnection } from './redis-client.ts'

/**
 * Warns, once for each server, when Redis is set up to make room by dropping keys: a session that is dropped is a visitor logged out. Servers
 * that tell nothing of their memory are taken to be set up well.
 */
export async function warnOfEviction(connection: RedisConnection, warn: (message: string) => void): Promise<void> {
  const told = await Promise.allSettled(connection.nodes().map((node) => node.send(['info', 'memory'])))
  const policies = told.map((each) => (each.status === 'fulfilled' ? policyOf(String(each.value)) : undefined))
  const [policy] = policies.filter((each) => each !== undefined)
  if (policy === undefined) return
  warn(
    `Redis may drop sessions when its memory is full (maxmemory-policy ${policy}): their visitors are logged out without a trace, and revoking the sessions of a user may miss some. Set \`maxmemory-policy noeviction\`, and give caches a Redis of their own.`,
  )
}

/** The policy, where there is a limit and reaching it drops keys. Also `volatile-…`: sessions have an expiry. */
function policyOf(info: string): string | undefined {
  const [, policy] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
  const [, limit = '0'] = /^maxmemory:(\d+)/m.exec(info) ?? []
  return policy === 'noeviction' || limit === '0' ? undefined : policy
}
