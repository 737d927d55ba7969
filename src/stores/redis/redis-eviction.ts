import type { RedisConnection } from './redis-connection.ts'

/**
 * Warns if a server evicts keys when its memory is full, because visitors lose evicted sessions.
 * Servers that refuse `INFO memory` are skipped.
 */
export async function warnOfEviction(connection: RedisConnection, warn: (message: string) => void): Promise<void> {
  const replies = await Promise.allSettled(connection.nodes().map((node) => node.send(['info', 'memory'])))
  const policies = replies.map((reply) => (reply.status === 'fulfilled' ? evictionPolicy(String(reply.value)) : undefined))
  const policy = policies.find((candidate) => candidate !== undefined)
  if (policy !== undefined) warn(evictionWarning(policy))
}

export function evictionWarning(policy: string): string {
  return `Redis evicts sessions when its memory is full (maxmemory-policy ${policy}). This logs visitors out, and revoking the sessions of a user may miss some. Set \`maxmemory-policy noeviction\`, and use another Redis for caches.`
}

/**
 * Returns the policy if there is a memory limit and a policy that evicts. `volatile-…` does too,
 * because session keys have an expiry.
 */
export function evictionPolicy(info: string): string | undefined {
  const [, policy] = /^maxmemory_policy:(\S+)/m.exec(info) ?? []
  const [, limit = '0'] = /^maxmemory:(\d+)/m.exec(info) ?? []
  return policy === 'noeviction' || limit === '0' ? undefined : policy
}
