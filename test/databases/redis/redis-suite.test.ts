import { RESP_TYPES } from 'redis'
import { describe, it } from 'vitest'
import { RedisStore } from '../../../src/stores/redis.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { freshPrefix, ioRedis, nodeRedis, REDIS } from '../../services/redis/redis-clients.ts'

const runner = { describe: describe.skipIf(REDIS === ''), it }
const expiresByItself = { clearExpired: false }

if (REDIS !== '') {
  const redis = await nodeRedis()
  const resp2 = await nodeRedis({ RESP: 2, commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } })
  const io = ioRedis({ keyPrefix: 'a*b:', stringNumbers: true })
  const io3 = ioRedis({ db: 3, protocol: 2 })
  const clients = { redis, 'redis, RESP 2, buffers': resp2, 'ioredis, keyPrefix': io, 'ioredis, RESP 2, another db': io3 }
  for (const [name, client] of Object.entries(clients))
    storeSuite(`RedisStore, ${name}`, () => new RedisStore({ client, prefix: freshPrefix() }), runner, expiresByItself)
}
