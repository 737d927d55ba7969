import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Fault, FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { OutageScene } from '../../services/outage-fixture.ts'
import { freeze, type OutageWorld, WORLDS } from '../../services/outage-stores.ts'

type Server = Exclude<Awaited<ReturnType<OutageWorld['start']>>, string>

/** How the database goes away, and comes back. */
interface Trouble {
  begin(proxy: FaultProxy, server: Server): void | Promise<void>
  end(proxy: FaultProxy, server: Server): void | Promise<void>
}

const network = (fault: Fault): Trouble => ({
  begin: (proxy) => void (proxy.fault = fault),
  end: (proxy) => void (proxy.fault = {}),
})

/** In these nobody gets an answer. */
const AWAY: Readonly<Record<string, Trouble>> = {
  'hangs (SIGSTOP)': {
    begin: (_, { pid }) => freeze(pid as number, 'SIGSTOP'),
    end: (_, { pid }) => freeze(pid as number, 'SIGCONT'),
  },
  'is killed, and started again': { begin: (_, server) => server.kill(), end: (_, server) => server.start() },
  'refuses connections': {
    begin(proxy) {
      proxy.refuse()
      proxy.resetAll()
    },
    end: async (proxy) => void (await proxy.listen()),
  },
  'cannot be reached: what is sent vanishes': network({ blackHole: 'both' }),
  'is heard no more: its answers vanish': network({ blackHole: 'down' }),
  'resets connections in the middle of a reply': network({ cut: { after: 7, direction: 'down', how: 'reset' } }),
  'ends connections in the middle of a statement': network({ cut: { after: 7, direction: 'up', how: 'end' } }),
}

describe.each(Object.entries(WORLDS))('when %s', (name, world) => {
  let server: Server | undefined

  beforeAll(async () => {
    const started = await world.start()
    if (typeof started !== 'string') server = started
    else if (process.env['CI'] !== undefined) throw new Error(`${name}: ${started}`)
  })
  afterAll(() => server?.remove())

  async function scene(open = world.open): Promise<{ scene: OutageScene; proxy: FaultProxy; server: Server }> {
    if (server === undefined) throw new Error('There is no server')
    const proxy = await new FaultProxy({ port: server.port }).listen()
    onTestFinished(() => proxy.close())
    const through = new URL(server.url)
    through.port = String(proxy.port)
    const { store, end } = open(through.href)
    onTestFinished(() => Promise.race([end().catch(() => undefined), new Promise<void>((resolve) => setTimeout(resolve, 1000))]))
    const made = await OutageScene.open(store)
    onTestFinished(() => made.close())
    await made.count()
    return { scene: made, proxy, server }
  }

  it.each(Object.entries(AWAY))(
    '%s: requests fail at once, pages are served, nobody is logged out, and it is used again',
    async (_, trouble) => {
      const { scene: at, proxy, server: its } = await scene()
      onTestFinished(async () => void (its.pid !== undefined && freeze(its.pid, 'SIGCONT')))
      await trouble.begin(proxy, its)
      await at.countUntilAway()
      const before = performance.now()
      for (let visits = 0; visits < 10; visits++) await at.count()
      for (const door of ['eager', 'express4', 'plain'] as const)
        expect(await at.untouched(door)).toMatchObject({ status: 200, body: 'a page' })
      const logout = await at.visitor.post('/logout')
      expect(logout).toMatchObject({ status: 503, body: 'ERR_SESSION_STORE', setCookies: [] })
      expect(performance.now() - before).toBeLessThan(1500) // all of that in less than what one operation may take
      expect(at.isAway).toBe(true)
      await trouble.end(proxy, its)
      await at.countUntilServed()
      expect(at.isAway).toBe(false)
      await at.judge()
    },
  )

  it('hangs, pages of lazy sessions are served at once from the first moment', async () => {
    const { scene: at, server: its } = await scene()
    onTestFinished(() => freeze(its.pid as number, 'SIGCONT'))
    freeze(its.pid as number, 'SIGSTOP')
    const before = performance.now()
    for (let visits = 0; visits < 10; visits++) {
      expect((await at.untouched('express4')).status).toBe(200)
      expect((await at.untouched('plain')).status).toBe(200)
    }
    expect(performance.now() - before).toBeLessThan(1500)
    freeze(its.pid as number, 'SIGCONT')
    await at.countUntilServed()
    await at.judge()
  })

  it('is slow, everybody waits and is served', async () => {
    const { scene: at, proxy } = await scene()
    proxy.fault = { delay: 30, jitter: 20 }
    for (let visits = 0; visits < 5; visits++) expect((await at.count()).status).toBe(200)
    expect(at.wasAway).toBe(false)
    await at.judge()
  })

  it('forgets its connections without a word, as behind a firewall, new ones are opened', async () => {
    const { scene: at, proxy } = await scene()
    await Promise.all(Array.from({ length: 8 }, () => at.count()))
    proxy.blackHoleAll()
    await at.countUntilServed()
    await Promise.all(Array.from({ length: 8 }, () => at.count()))
    await at.judge()
  })

  it('breaks every connection after a while, nobody gets another’s answer and nothing is counted twice', async () => {
    const { scene: at, proxy } = await scene()
    proxy.fault = { cut: { after: 3000, direction: 'down', how: 'reset' } }
    for (let visits = 0; visits < 40; visits++) await at.count()
    proxy.fault = {}
    await at.countUntilServed()
    await at.judge()
  })

  it.skipIf(world.readOnly === undefined)('takes no writes, reads are served all the while', async () => {
    const { scene: at, server: its } = await scene()
    onTestFinished(() => world.readOnly?.(its.url, false))
    await world.readOnly?.(its.url, true)
    await expect.poll(async () => (await at.count()).status, { timeout: 10_000 }).toBe(503)
    const { counts } = at
    for (let visits = 0; visits < 5; visits++) {
      expect((await at.count()).status).toBe(503)
      expect(JSON.parse((await at.visitor.get('/read')).body)).toMatchObject({ user: 'ada', n: counts.ok })
    }
    expect(counts.unknown).toBe(0)
    expect(at.wasAway).toBe(false)
    await world.readOnly?.(its.url, false)
    await at.countUntilServed()
    await at.judge()
  })

  it.skipIf(world.small === undefined)('has no room left, reads and logouts are served all the while', async ({ skip }) => {
    const small = await world.small?.((server as Server).url)
    if (small === undefined) return skip('no small disk can be mounted here')
    try {
      const { scene: at } = await scene(small.open)
      const fill = (): Promise<number> => at.visitor.post('/fill').then(({ status }) => status)
      await expect.poll(fill, { timeout: 20_000, interval: 1 }).toBe(503)
      expect(JSON.parse((await at.visitor.get('/read')).body)).toMatchObject({ user: 'ada', n: at.counts.ok })
      expect((await at.visitor.post('/logout')).status).toBe(200)
      expect(at.wasAway).toBe(false)
      expect(at.counts.unknown).toBe(0)
    } finally {
      await small.remove()
    }
  })
})
