import type { Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Fault, FaultProxy } from './fault-proxy.ts'
import { LineClient, lineServer } from './line-server.ts'

let target: { readonly port: number; readonly server: Server }
let proxy: FaultProxy

beforeAll(async () => {
  target = await lineServer()
})
afterEach(() => proxy.close())
afterAll(() => void target.server.close())

async function through(fault: Fault, plan?: (connection: number) => Fault): Promise<LineClient> {
  proxy = await new FaultProxy({ port: target.port, ...(plan === undefined ? {} : { plan }) }).listen()
  proxy.fault = fault
  return new LineClient(proxy.port)
}

describe('without a fault', () => {
  it('carries everything in both directions, and the end too', async () => {
    const client = await through({})
    expect(await client.ask('hello')).toBe('HELLO')
    const long = 'x'.repeat(1_000_000)
    expect(await client.ask(long)).toBe(long.toUpperCase())
    client.socket.end()
    await client.ended
    await expect.poll(() => proxy.open).toBe(0)
    expect(client.failure).toBeUndefined()
  })
})

describe('a delay', () => {
  it('comes with each direction, and keeps the order', async () => {
    const client = await through({ delay: 40, jitter: 20 })
    const began = performance.now()
    expect(await client.ask('slow')).toBe('SLOW')
    expect(performance.now() - began).toBeGreaterThan(79)
    for (let line = 0; line < 5; line++) client.socket.write(`${line}\n`)
    await expect.poll(() => client.got).toBe('SLOW\n0\n1\n2\n3\n4\n')
  })
})

describe('a cut', () => {
  it.each(Array.from({ length: 7 }, (_, bytes) => bytes))('lets exactly %i bytes of an answer through', async (after) => {
    const client = await through({ cut: { after, direction: 'down', how: 'end' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.got).toBe('HELLO\n'.slice(0, after))
    expect(client.failure).toBeUndefined()
  })

  it('may be a reset', async () => {
    const client = await through({ cut: { after: 3, direction: 'down', how: 'reset' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.failure).toBe('ECONNRESET')
  })

  it('on the way up keeps the request from the server', async () => {
    const client = await through({ cut: { after: 3, direction: 'up', how: 'end' } })
    client.socket.write('hello\n')
    await client.ended
    expect(client.got).toBe('')
  })
})

describe('a black hole', () => {
  it.each(['up', 'down', 'both'] as const)('%s: nothing comes back, and the connection stays', async (blackHole) => {
    const client = await through({ blackHole })
    client.socket.write('hello\n')
    await sleep(100)
    expect([client.got, client.failure, client.socket.destroyed, proxy.open]).toEqual(['', undefined, false, 1])
    client.socket.destroy()
  })

  it('can open under a connection that worked', async () => {
    const client = await through({})
    expect(await client.ask('one')).toBe('ONE')
    proxy.fault = { blackHole: 'down' }
    client.socket.write('two\n')
    await sleep(50)
    expect(client.got).toBe('ONE\n')
    client.socket.destroy()
  })
})

describe('resets and refusals', () => {
  it('resets at once', async () => {
    const client = await through({ reset: true })
    await client.ended
    expect(client.failure).toBe('ECONNRESET')
  })

  it('resets what is open', async () => {
    const client = await through({})
    await client.ask('hello')
    proxy.resetAll()
    await client.ended
    expect(client.failure).toBe('ECONNRESET')
  })

  it('refuses new connections and keeps open ones, until it listens again', async () => {
    const client = await through({})
    await client.ask('hello')
    proxy.refuse()
    const refused = new LineClient(proxy.port)
    await refused.ended
    expect(refused.failure).toBe('ECONNREFUSED')
    expect(await client.ask('still')).toBe('STILL')
    await proxy.listen()
    const again = new LineClient(proxy.port)
    expect(await again.ask('again')).toBe('AGAIN')
    for (const each of [client, again]) each.socket.destroy()
  })

  it('resets the client when the server is not there', async () => {
    proxy = await new FaultProxy({ port: 1 }).listen()
    const client = new LineClient(proxy.port)
    await client.ended
    expect(client.failure).toBe('ECONNRESET')
  })
})

describe('the plan', () => {
  it('is the same for the same seed, and in the log', async () => {
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
