import type { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Fault, FaultProxy } from './fault-proxy.ts'
import { LineClient, startLineServer } from './line-server.ts'

let target: { readonly port: number; readonly server: Server }
let proxy: FaultProxy

beforeAll(async () => {
  target = await startLineServer()
})
afterEach(() => proxy.close())
afterAll(() => void target.server.close())

async function connectThrough(fault: Fault, plan?: (connection: number) => Fault): Promise<LineClient> {
  proxy = await new FaultProxy({ port: target.port, ...(plan === undefined ? {} : { plan }) }).listen()
  proxy.fault = fault
  return new LineClient(proxy.port)
}

describe('without a fault', () => {
  it('relays all data in both directions, and the end', async () => {
    const client = await connectThrough({})
    expect(await client.request('hello')).toBe('HELLO')
    const long = 'x'.repeat(1_000_000)
    expect(await client.request(long)).toBe(long.toUpperCase())
    client.socket.end()
    await client.ended
    await expect.poll(() => proxy.openConnections).toBe(0)
    expect(client.errorCode).toBeUndefined()
  })
})

describe('a delay', () => {
  it('applies to each direction and keeps the order', async () => {
    const client = await connectThrough({ delay: 40, jitter: 20 })
    const began = performance.now()
    expect(await client.request('slow')).toBe('SLOW')
    expect(performance.now() - began).toBeGreaterThan(79)
    for (let line = 0; line < 5; line++) client.socket.write(`${line}\n`)
    await expect.poll(() => client.received).toBe('SLOW\n0\n1\n2\n3\n4\n')
  })
})

describe('a cut', () => {
  it.each(Array.from({ length: 7 }, (_, bytes) => bytes))('relays exactly %i bytes of a response', async (after) => {
    const client = await connectThrough({ cut: { after, direction: 'down', how: 'end' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.received).toBe('HELLO\n'.slice(0, after))
    expect(client.errorCode).toBeUndefined()
  })

  it('can be a reset', async () => {
    const client = await connectThrough({ cut: { after: 3, direction: 'down', how: 'reset' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.errorCode).toBe('ECONNRESET')
  })

  it('in the direction of the server stops the request', async () => {
    const client = await connectThrough({ cut: { after: 3, direction: 'up', how: 'end' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.received).toBe('')
  })
})

describe('a black hole', () => {
  it.each(['up', 'down', 'both'] as const)('%s: no response arrives, and the connection stays open', async (blackHole) => {
    const client = await connectThrough({ blackHole })
    client.socket.write('hello\n')
    await sleep(100)
    expect([client.received, client.errorCode, client.socket.destroyed, proxy.openConnections]).toEqual(['', undefined, false, 1])
    client.socket.destroy()
  })

  it('can start on a connection that worked', async () => {
    const client = await connectThrough({})
    expect(await client.request('one')).toBe('ONE')
    proxy.fault = { blackHole: 'down' }
    client.socket.write('two\n')
    await sleep(50)
    expect(client.received).toBe('ONE\n')
    client.socket.destroy()
  })
})

describe('resets and refusals', () => {
  it('resets at once', async () => {
    const client = await connectThrough({ reset: true })
    await client.ended
    expect(client.errorCode).toBe('ECONNRESET')
  })

  it('resets open connections', async () => {
    const client = await connectThrough({})
    await client.request('hello')
    proxy.resetAll()
    await client.ended
    expect(client.errorCode).toBe('ECONNRESET')
  })

  it('refuses new connections and keeps open ones, until it listens again', async () => {
    const client = await connectThrough({})
    await client.request('hello')
    proxy.refuse()
    const refused = new LineClient(proxy.port)
    await refused.ended
    expect(refused.errorCode).toBe('ECONNREFUSED')
    expect(await client.request('still')).toBe('STILL')
    await proxy.listen()
    const again = new LineClient(proxy.port)
    expect(await again.request('again')).toBe('AGAIN')
    for (const each of [client, again]) each.socket.destroy()
  })

  it('resets the client if the server is not reachable', async () => {
    proxy = await new FaultProxy({ port: 1 }).listen()
    const client = new LineClient(proxy.port)
    await client.ended
    expect(client.errorCode).toBe('ECONNRESET')
  })
})

describe('the plan', () => {
  it('is the same for the same seed, and is in the log', async () => {
    const logOf = async (seed: number): Promise<string[]> => {
      const faults: Fault[] = [{ reset: true }, { cut: { after: 2, direction: 'down', how: 'end' } }, { blackHole: 'both' }]
      proxy = await new FaultProxy({ port: target.port, seed, plan: (_, random) => random.pick(faults) }).listen()
      for (let count = 0; count < 6; count++) {
        const client = new LineClient(proxy.port)
        client.socket.write('hello\n')
        await Promise.race([client.ended, sleep(20)])
        client.socket.destroy()
      }
      proxy.close()
      return proxy.log.filter(({ event }) => event.startsWith('open')).map(({ connection, event }) => `${connection} ${event}`)
    }
    const [first, second, other] = [await logOf(7), await logOf(7), await logOf(8)]
    expect(second).toEqual(first)
    expect(other).not.toEqual(first)
    expect(first).toHaveLength(6)
  })
})
