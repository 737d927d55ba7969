import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { OutageFixture } from '../../helpers/outage-fixture.ts'
import { type Fault, FaultProxy } from '../../proof/proxy/fault-proxy.ts'
import { DATABASES, type OutageDatabase, signalAll } from '../../services/outage-stores.ts'

type Server = Exclude<Awaited<ReturnType<OutageDatabase['start']>>, string>

/** How the database fails and recovers. */
interface Outage {
  begin(proxy: FaultProxy, server: Server): void | Promise<void>
  end(proxy: FaultProxy, server: Server): void | Promise<void>
}

const network = (fault: Fault): Outage => ({
  begin: (proxy) => void (proxy.fault = fault),
  end: (proxy) => void (proxy.fault = {}),
})

/** Faults under which no operation gets a reply. */
const OUTAGES: Readonly<Record<string, Outage>> = {
  'hangs (SIGSTOP)': {
    begin: (_, { pid }) => signalAll(pid as number, 'SIGSTOP'),
    end: (_, { pid }) => signalAll(pid as number, 'SIGCONT'),
  },
  'is killed, and started again': { begin: (_, server) => server.kill(), end: (_, server) => server.start() },
  'refuses connections': {
    begin(proxy) {
      proxy.refuse()
      proxy.resetAll()
    },
    end: async (proxy) => void (await proxy.listen()),
  },
  'cannot be reached: packets vanish': network({ blackHole: 'both' }),
  'cannot reply: its packets vanish': network({ blackHole: 'down' }),
  'resets connections in the middle of a reply': network({ cut: { after: 7, direction: 'down', how: 'reset' } }),
  'ends connections in the middle of a statement': network({ cut: { after: 7, direction: 'up', how: 'end' } }),
}

describe.each(Object.entries(DATABASES))('%s', (name, database) => {
  let server: Server | undefined

  beforeAll(async () => {
    const started = await database.start()
    if (typeof started !== 'string') server = started
    else if (process.env['CI'] !== undefined) throw new Error(`${name}: ${started}`)
  })
  afterAll(() => server?.remove())

  async function newFixture(open = database.open): Promise<{ fixture: OutageFixture; proxy: FaultProxy; server: Server }> {
    if (server === undefined) throw new Error('There is no server')
    const proxy = await new FaultProxy({ port: server.port }).listen()
    onTestFinished(() => proxy.close())
    const through = new URL(server.url)
    through.port = String(proxy.port)
    const { store, end } = open(through.href)
    onTestFinished(() => Promise.race([end().catch(() => undefined), new Promise<void>((resolve) => setTimeout(resolve, 1000))]))
    const fixture = await OutageFixture.open(store)
    onTestFinished(() => fixture.close())
    await fixture.count()
    return { fixture, proxy, server }
  }

  it.each(Object.entries(OUTAGES))(
    'fails requests at once, serves other pages, ends no session and recovers, if the server %s',
    async (_, outage) => {
      const { fixture, proxy, server: its } = await newFixture()
      onTestFinished(async () => void (its.pid !== undefined && signalAll(its.pid, 'SIGCONT')))
      await outage.begin(proxy, its)
      await fixture.countUntilDown()
      const before = performance.now()
      for (let visits = 0; visits < 10; visits++) await fixture.count()
      for (const kind of ['eager', 'express4', 'plain'] as const)
        expect(await fixture.untouched(kind)).toMatchObject({ status: 200, body: 'a page' })
      const logout = await fixture.visitor.post('/logout')
      expect(logout).toMatchObject({ status: 503, body: 'ERR_SESSION_STORE', setCookies: [] })
      expect(performance.now() - before).toBeLessThan(1500) // less than the timeout of one operation
      expect(fixture.isDown).toBe(true)
      await outage.end(proxy, its)
      await fixture.countUntilServed()
      expect(fixture.isDown).toBe(false)
      await fixture.verify()
    },
  )

  it('serves pages with lazy sessions at once while the server hangs', async () => {
    const { fixture, server: its } = await newFixture()
    onTestFinished(() => signalAll(its.pid as number, 'SIGCONT'))
    signalAll(its.pid as number, 'SIGSTOP')
    const before = performance.now()
    for (let visits = 0; visits < 10; visits++) {
      expect((await fixture.untouched('express4')).status).toBe(200)
      expect((await fixture.untouched('plain')).status).toBe(200)
    }
    expect(performance.now() - before).toBeLessThan(1500)
    signalAll(its.pid as number, 'SIGCONT')
    await fixture.countUntilServed()
    await fixture.verify()
  })

  it('completes all requests while the server is slow', async () => {
    const { fixture, proxy } = await newFixture()
    proxy.fault = { delay: 30, jitter: 20 }
    for (let visits = 0; visits < 5; visits++) expect((await fixture.count()).status).toBe(200)
    expect(fixture.wasDown).toBe(false)
    await fixture.verify()
  })

  it('replaces connections that stop responding, as behind a firewall', async () => {
    const { fixture, proxy } = await newFixture()
    await Promise.all(Array.from({ length: 8 }, () => fixture.count()))
    proxy.blackHoleAll()
    await fixture.countUntilServed()
    await Promise.all(Array.from({ length: 8 }, () => fixture.count()))
    await fixture.verify()
  })

  it('returns no reply to another request and applies no increment twice if connections break', async () => {
    const { fixture, proxy } = await newFixture()
    proxy.fault = { cut: { after: 3000, direction: 'down', how: 'reset' } }
    for (let visits = 0; visits < 40; visits++) await fixture.count()
    proxy.fault = {}
    await fixture.countUntilServed()
    await fixture.verify()
  })

  it.skipIf(database.readOnly === undefined)('serves reads while the server refuses writes', async () => {
    const { fixture, server: its } = await newFixture()
    onTestFinished(() => database.readOnly?.(its.url, false))
    await database.readOnly?.(its.url, true)
    await expect.poll(async () => (await fixture.count()).status, { timeout: 10_000 }).toBe(503)
    const { counts } = fixture
    for (let visits = 0; visits < 5; visits++) {
      expect((await fixture.count()).status).toBe(503)
      expect(JSON.parse((await fixture.visitor.get('/read')).body)).toMatchObject({ user: 'ada', n: counts.ok })
    }
    expect(counts.unknown).toBe(0)
    expect(fixture.wasDown).toBe(false)
    await database.readOnly?.(its.url, false)
    await fixture.countUntilServed()
    await fixture.verify()
  })

  it.skipIf(database.fillableDisk === undefined)('serves reads and logouts while the disk is full', async ({ skip }) => {
    const small = await database.fillableDisk?.((server as Server).url)
    if (small === undefined) return skip('no small disk can be mounted on this machine')
    try {
      const { fixture } = await newFixture(small.open)
      const fill = (): Promise<number> => fixture.visitor.post('/fill').then(({ status }) => status)
      await expect.poll(fill, { timeout: 20_000, interval: 1 }).toBe(503)
      expect(JSON.parse((await fixture.visitor.get('/read')).body)).toMatchObject({ user: 'ada', n: fixture.counts.ok })
      expect((await fixture.visitor.post('/logout')).status).toBe(200)
      expect(fixture.wasDown).toBe(false)
      expect(fixture.counts.unknown).toBe(0)
    } finally {
      await small.remove()
    }
  })
})
