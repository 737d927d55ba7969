// One of several processes: `process.js <redis | postgres> <URL> <channel | poll>`. Prints its port.
import pg from 'pg'
import { createClient } from 'redis'
import { createSessions } from 'sojourn'
import { postgresChannel, redisChannel } from 'sojourn/channels'
import { PostgresStore } from 'sojourn/stores/postgres'
import { RedisStore } from 'sojourn/stores/redis'
import { makeBoth } from './closing.js'

const [database, url, wayOfEnds] = process.argv.slice(2)

async function redis() {
  const client = await createClient({ url }).connect()
  const channel = redisChannel({ publisher: client, subscriber: await client.duplicate().connect() })
  return { store: new RedisStore({ client }), channel }
}

function postgres() {
  const connect = async () => {
    const client = new pg.Client(url)
    await client.connect()
    return client
  }
  return { store: new PostgresStore({ pool: new pg.Pool({ connectionString: url, max: 2 }) }), channel: postgresChannel({ connect }) }
}

const { store, channel } = await { redis, postgres }[database]()
// With a channel nothing is found by polling during the test, and without one nothing by a message.
const sessions = createSessions(wayOfEnds === 'channel' ? { store, channel } : { store })
const server = makeBoth(sessions, { poll: wayOfEnds === 'channel' ? '1h' : '1s' })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit()).resume()
