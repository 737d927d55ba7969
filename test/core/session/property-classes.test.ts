import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSessions, type SessionOptions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { appWith, catchError, type TestApp } from '../fixture.ts'

const properties = { otp: { secret: true }, theme: { client: true } }

function appOf(options: Partial<SessionOptions> = {}): Promise<TestApp> {
  return appWith({ otp: '123456', theme: 'dark', cart: [1] }, { properties, ...options })
}

describe('a secret property', () => {
  it('is read, changed and removed by its name', async () => {
    const app = await appOf()
    await app.request((session) => {
      expect([session.get('otp'), session.has('otp'), session.data['otp'], 'otp' in session.data]).toEqual(['123456', true, '123456', true])
      session.update('otp', (otp: string) => `${otp}7`)
    })
    await app.request((session) => expect(session.pop('otp')).toBe('1234567'))
    await app.request(async (session) => {
      expect(session.has('otp')).toBe(false)
      await session.set('otp', 'new').save()
      expect(await session.claim('otp')).toBe('new')
    })
  })

  it('is left out by everything that lists properties', async () => {
    const session = await (await appOf()).open()
    const rest = { theme: 'dark', cart: [1] }
    const visited: string[] = []
    session.forEach((_value, name) => void visited.push(name))
    expect([...session.keys()]).toEqual(['theme', 'cart'])
    expect([...session.values()]).toEqual(['dark', [1]])
    expect([...session.entries()]).toEqual(Object.entries(rest))
    expect([...session]).toEqual(Object.entries(rest))
    expect(visited).toEqual(['theme', 'cart'])
    expect(session.size).toBe(2)
    expect(session.toObject()).toEqual(rest)
    expect({ ...session.data }).toEqual(rest)
    expect(Object.keys(session.data)).toEqual(['theme', 'cart'])
  })

  it('is not in JSON, as of res.json(req.session), and not on the console', async () => {
    const session = await (await appOf()).open()
    session.set('otp', '654321')
    for (const text of [JSON.stringify(session), JSON.stringify({ deep: { session } }), JSON.stringify(session.data)]) {
      expect(text).toContain('theme')
      expect(text).not.toMatch(/otp|654321/)
    }
    for (const text of [inspect(session), inspect(session.data), inspect({ session }, { depth: 9, showHidden: true })])
      expect(text).not.toMatch(/otp|654321/)
  })

  it('is not quoted by an error of its schema', async () => {
    const quoting = z.string().refine(() => false, { error: ({ input }) => `${String(input)} is wrong` })
    const app = await appWith({}, { properties, schema: { otp: quoting, theme: quoting } })
    const session = await app.open()
    const error = catchError(() => session.set('otp', '123456'))
    expect([error.code, error.property]).toEqual(['ERR_SESSION_CODEC', 'otp'])
    expect(error.message).toBe('The property "otp" does not fit its schema.')
    expect(catchError(() => session.set('theme', 'dark')).message).toContain('dark is wrong')
  })

  it('ends with clear and with its session like every other one', async () => {
    const app = await appOf()
    await app.request((session) => session.clear())
    expect((await app.open()).has('otp')).toBe(false)
  })
})

describe('toClient', () => {
  it('returns the properties that the client may see, with the changes of this request', async () => {
    const app = await appOf()
    const { headers } = await app.request((session) => {
      expect(session.toClient()).toEqual({ theme: 'dark' })
      session.set('theme', 'light')
      expect(session.toClient()).toEqual({ theme: 'light' })
      session.delete('theme')
      expect(session.toClient()).toEqual({})
    })
    expect(headers.get('vary')).toBe('Cookie')
  })

  it('returns nothing without the option `properties`, and nothing that a schema refuses', async () => {
    const app = await appOf({ properties: {} })
    expect((await app.open()).toClient()).toEqual({})
    const stricter = app.createManager({ properties, schema: { theme: z.literal('light') } })
    expect((await app.open(app.browser, stricter)).toClient()).toEqual({})
  })
})

describe('a class that does not exist', () => {
  it.each([
    [{ otp: { secret: 'yes' } }, /`properties\.otp\.secret` is 'yes'.*true or false/],
    [{ otp: { secrt: true } }, /`properties\.otp\.secrt` does not exist.*secret, client/],
  ])('is a ConfigError that names it: %o', (wrong, message) => {
    const error = catchError(() => createSessions({ store: new MemoryStore(), properties: wrong as never }))
    expect(error.code).toBe('ERR_SESSION_CONFIG')
    expect(error.message).toMatch(message)
  })
})
