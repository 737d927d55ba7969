// The starter of NestJS in Chromium, on Express and on Fastify. The overlay adds /race, the second
// platform, and an application with GraphQL.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ApiBrowser } from './harness/api-browser.ts'
import { DATABASE_MESSAGE, whileWritesFail } from './harness/broken-database.ts'
import { requireFrom } from './harness/serve.ts'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

interface Client {
  on(event: string, listener: (value: unknown) => void): void
  emitWithAck(event: string, text: string): Promise<unknown>
  close(): void
}

const { io } = requireFrom<{ io(url: string, options: object): Client }>('nest', 'socket.io-client')

let starter: Starter

beforeAll(async () => {
  starter = await Starter.prepare('nest')
  await starter.run('typescript/bin/tsc', '-p', 'tsconfig.test.json')
}, 60_000)

afterAll(() => starter.remove())

for (const [platform, main] of [
  ['Express', 'main'],
  ['Fastify', 'main-fastify'],
])
  shopStories(
    `NestJS on ${platform}`,
    { start: () => starter.serve(`./dist/src/${main}.js`), stop: () => starter.end(), database: () => starter.database },
    ({ open, origin }) => {
      it('a gateway has the session of the page that opened the socket, and a logout closes the socket', () =>
        open(async (visitor) => {
          await visitor.logIn('ada')
          const cookie = (await visitor.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ')
          const client = io(origin(), { transports: ['websocket'], extraHeaders: { cookie }, forceNew: true })
          onTestFinished(() => client.close())
          expect(await client.emitWithAck('say', 'hello')).toBe('ada: hello')
          const disconnected = new Promise((resolve) => client.on('disconnect', resolve))
          await visitor.visit('/')
          await visitor.press('Log out')
          expect(await disconnected).toBe('io server disconnect')
        }))
    },
  )

describe('GraphQL of NestJS on Apollo Server', () => {
  it('resolvers have the session, a failed login has a code, and a failed commit is no success', async () => {
    const origin = await starter.serve('./dist/src/main-graphql.js')
    onTestFinished(() => starter.end())
    const browser = new ApiBrowser()
    const run = async (query: string): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' }
      return (await browser.fetch(`${origin}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })).json()
    }
    expect(await run('{ account }')).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
    expect(await run('mutation { add(sku: "bread") }')).toEqual({ data: { add: ['bread'] } })
    await whileWritesFail(starter.database, () => run('mutation { logIn(name: "ada") }'))
    expect(browser.lastFailure?.status).toBe(503)
    expect(browser.lastFailure?.body).not.toContain(DATABASE_MESSAGE)
    await run('mutation { logIn(name: "ada") }')
    expect(await run('{ account cart }')).toEqual({ data: { account: 'ada', cart: ['bread'] } })
  })
})
