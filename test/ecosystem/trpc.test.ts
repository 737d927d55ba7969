import { expect, it } from 'vitest'
import { apiStories, type Shop } from './harness/api-stories.ts'
import { importFrom } from './harness/serve.ts'

/** A client that sends mutations with `httpBatchStreamLink` too. */
interface StreamingClient {
  readonly add: { mutate(sku: string): Promise<readonly string[]> }
  readonly login: { mutate(name: string): Promise<void> }
}

const { createTRPCClient, httpBatchStreamLink } = await importFrom<{
  createTRPCClient(options: object): StreamingClient
  httpBatchStreamLink(options: object): unknown
}>('apis', 'node_modules/@trpc/client/dist/index.mjs')

function stream(url: string, fetch: typeof globalThis.fetch): StreamingClient {
  return createTRPCClient({ links: [httpBatchStreamLink({ url, fetch })] })
}

interface TrpcShop extends Shop {
  checkout(address: string): AsyncIterable<string>
}

apiStories<TrpcShop>('tRPC', { starter: 'trpc' }, ({ open, gate }) => {
  it('procedures of a batch that is streamed change a session that exists', async () => {
    const { shop, browser, origin } = await open()
    await shop.add('bread')
    const { add } = stream(origin, browser.fetch)
    await Promise.all([add.mutate('milk'), add.mutate('salt')])
    expect((await shop.look()).cart).toEqual(['bread', 'milk', 'salt'])
  })

  it('a streamed procedure that needs a new cookie fails, and starts no session', async () => {
    const { shop, browser, origin } = await open()
    await expect(stream(origin, browser.fetch).login.mutate('ada')).rejects.toMatchObject({
      message: 'Something went wrong.',
      data: { stack: expect.stringContaining('HeadersSentError') },
    })
    await expect(shop.account()).rejects.toThrow('UNAUTHORIZED')
    expect(browser.cookies.size).toBe(0)
  })

  it('a streamed procedure reports success when its changes are saved', async () => {
    const { shop } = await open()
    await shop.add('bread')
    expect(await steps(shop)).toEqual(['Packing.', 'Sent to Ada.'])
    expect((await shop.look()).cart).toEqual([])
    await shop.add('milk')
    await gate('fail')
    expect(await steps(shop).finally(() => gate('heal'))).toEqual(['Packing.', 'Something went wrong.'])
  })
})

/** The steps of a checkout; the last one is the error if it fails. */
async function steps(shop: TrpcShop): Promise<string[]> {
  const received: string[] = []
  try {
    for await (const step of shop.checkout('Ada')) received.push(step)
  } catch (error) {
    received.push((error as Error).message)
  }
  return received
}
