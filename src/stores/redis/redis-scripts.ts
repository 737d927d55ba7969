import { createHash } from 'node:crypto'
import type { SendOptions } from './deadline-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { codeOf } from './redis-errors.ts'

/** A script about one key, so that it runs in every Cluster whatever the names of the keys are. */
export interface RedisScript {
  readonly text: string
  readonly sha: string
}

function script(text: string): RedisScript {
  return { text, sha: createHash('sha1').update(text).digest('hex') }
}

/** Positions in a record, see `redis-record.ts`. */
const EXPIRES = 'string.sub(head, 1, 16)'
const LISTED = 'string.sub(head, 33, 48)'

/**
 * Replaces a record that has the expected version. If `listed` is empty, the record keeps its
 * `listedUntil`, provided that it belongs to the same user and is late enough. Otherwise the script
 * returns 'unlisted' and writes nothing.
 */
export const REPLACE: RedisScript = script(`
local now, expected, user, times, listed, body, ttl = unpack(ARGV)
local head = redis.call('GETRANGE', KEYS[1], 0, 47 + #expected + #user)
if ${EXPIRES} <= now then return 'missing' end
if string.sub(head, 49, 48 + #expected) ~= expected then return redis.call('GET', KEYS[1]) end
if listed == '' then
  listed = ${LISTED}
  if string.sub(head, 49 + #expected) ~= user or listed < string.sub(times, 1, 16) then return 'unlisted' end
end
redis.call('SET', KEYS[1], times .. listed .. body, 'PX', ttl)
return 'written'`)

/**
 * Moves the timestamps of a record. If the record has a user and `listed` is empty, the script
 * returns the record unchanged. The caller then adds it to the user's list first, because the list
 * must not expire before it and may have been lost with another server.
 */
export const TOUCH: RedisScript = script(`
local now, expected, expires, listed, ttl = unpack(ARGV)
local head = redis.call('GETRANGE', KEYS[1], 0, 47 + #expected)
if ${EXPIRES} <= now or ${EXPIRES} > expires or string.sub(head, 49) ~= expected then return 'refused' end
if listed == '' then
  listed = ${LISTED}
  if listed ~= '0000000000000000' then return redis.call('GET', KEYS[1]) end
end
redis.call('SETRANGE', KEYS[1], 0, expires .. now .. listed)
redis.call('PEXPIRE', KEYS[1], ttl)
return 'touched'`)

/**
 * Ends a session if it belongs to the user at this time: replaces it by the record, or deletes it
 * if the record is empty.
 */
export const END_OF_USER: RedisScript = script(`
local user, tombstone, ttl = unpack(ARGV)
local record = redis.call('GET', KEYS[1])
if not record then return 'missing' end
local line = string.find(record, '\\n', 49, true)
if string.sub(record, line + 1, line + #user) ~= user then return 'missing' end
if tombstone == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], tombstone, 'PX', ttl) end
return 'ended'`)

/**
 * Adds a session to its user's list, with the time as its score. The list expires with its longest
 * session. Returns up to four random members with their scores.
 */
export const ADD_TO_LIST: RedisScript = script(`
local at, session, ttl, random = unpack(ARGV)
local before = redis.call('ZSCORE', KEYS[1], session)
if before and tonumber(before) >= tonumber(at) then at = tonumber(before) + 1 end
redis.call('ZADD', KEYS[1], at, session)
if redis.call('PTTL', KEYS[1]) < tonumber(ttl) then redis.call('PEXPIRE', KEYS[1], ttl) end
local first = math.floor(tonumber(random) * redis.call('ZCARD', KEYS[1]))
return redis.call('ZRANGE', KEYS[1], first, first + 3, 'WITHSCORES')`)

/**
 * Returns the members of a list after the given one, with their scores. If that one was removed or
 * added again, those with its former score are returned too, also before it.
 */
export const READ_LIST: RedisScript = script(`
local score, member, count = unpack(ARGV)
local first = 0
if score ~= '' then
  if redis.call('ZSCORE', KEYS[1], member) == score then first = redis.call('ZRANK', KEYS[1], member) + 1
  else first = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. score) end
end
return redis.call('ZRANGE', KEYS[1], first, first + tonumber(count) - 1, 'WITHSCORES')`)

/** Removes a session from its user's list, unless it was added again since its score was read. */
export const REMOVE_FROM_LIST: RedisScript = script(`
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) == tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 'done'`)

/** Runs a script by its hash. Sends the text if the server does not have it in its script cache. */
export async function runScript(
  connection: RedisConnection,
  { text, sha }: RedisScript,
  key: string,
  args: readonly string[],
  options?: SendOptions,
): Promise<unknown> {
  try {
    return await connection.send(key, ['evalsha', sha, '1', key, ...args], options)
  } catch (error) {
    if (codeOf(error) !== 'NOSCRIPT') throw error
    return connection.send(key, ['eval', text, '1', key, ...args], options)
  }
}
