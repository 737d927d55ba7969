import { describe, expect, it } from 'vitest'
import { csrfToken, verifyCsrfToken } from '../../../src/csrf/csrf.ts'
import { createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { catchError } from '../fixture.ts'

const sessions = createSessions({ store: new MemoryStore() })

/** Calls a method as code without types does, and returns its error. */
async function refusal(object: object, name: string, ...args: unknown[]): Promise<{ readonly code: unknown; readonly message: string }> {
  try {
    await Reflect.apply(Reflect.get(object, name) as () => unknown, object, args)
  } catch (error) {
    return { code: (error as { code?: unknown }).code, message: (error as Error).message }
  }
  throw new Error('nothing was thrown')
}

describe('an option of a verb that does not exist, or options of another type, are an error that says which exist', () => {
  it.each<[name: string, args: unknown[], contained: string]>([
    ['login', [1, { expirey: '30d' }], '`expirey` does not exist. The options are expiry,'],
    ['login', [1, { maxAge: 1000 }], "`maxAge` does not exist here: use `expiry`: { expiry: '30d' }"],
    ['login', [1, { levl: 2 }], '`levl` does not exist'],
    ['login', [1, '30d'], "not '30d'"],
    ['login', [1, null], 'not null'],
    ['login', [1, new Map([['level', 2]])], 'not an object'],
    ['reauthenticate', [{ levl: 2 }], '`levl` does not exist. The options are level, revokeOthers'],
    ['requireUser', [{ whithin: '10m' }], '`whithin` does not exist. The options are within, level'],
    ['requireUser', [{ Level: 2 }], '`Level` does not exist'],
    ['requireUser', ['10m'], "not '10m'"],
    ['requireUser', [null], 'not null'],
  ])('session.%s(%o)', async (name, args, contained) => {
    const session = sessions.create()
    session.login(7, { level: 2 })
    await session.save()
    const error = await refusal(session, name, ...args)
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(contained) as string })
    expect(session.modified).toBe(false)
  })

  it('a wrong requirement is reported also when no user is logged in', async () => {
    expect((await refusal(sessions.create(), 'requireUser', { whithin: '10m' })).code).toBe('ERR_SESSION_CONFIG')
  })
})

describe('options of the manager', () => {
  const request = new Request('https://shop.example/')

  it.each<[name: string, args: unknown[], contained: string]>([
    ['open', [request, { tuch: false }], '`tuch` does not exist. The options are touch'],
    ['open', [request, { touch: 'no' }], "`touch` is 'no'"],
    ['open', [request, request], 'not an object'],
    ['commit', [sessions.create(), 500], 'the status is undefined'],
    ['commit', [sessions.create(), { statusCode: 500 }], 'the status is undefined'],
    ['commit', [sessions.create()], 'the status is undefined'],
    ['commit', [sessions.create(), { status: '200' }], "the status is '200'"],
    ['revokeAll', [{ onprogress: () => undefined }], '`onprogress` does not exist. The options are onProgress, signal'],
    ['revokeAll', [{ signal: 5 }], '`signal` is 5'],
    ['clearExpired', [{ bach: 5 }], '`bach` does not exist. The options are batch, signal, onProgress'],
  ])('sessions.%s', async (name, args, contained) => {
    expect(await refusal(sessions, name, ...args)).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(contained) as string,
    })
  })

  it('commit takes a `Response`', async () => {
    await expect(sessions.commit(sessions.create(), new Response('', { status: 201 }))).resolves.toBeInstanceOf(Headers)
  })

  it.each<[name: string, options: unknown, contained: string]>([
    ['list', { limt: 1 }, '`limt` does not exist. The options are limit, current'],
    ['list', { current: 'x' }, "`current` is 'x'"],
    ['list', { limit: 0 }, '`limit` is 0'],
    ['list', null, 'not null'],
    ['revoke', { exept: sessions.create() }, '`exept` does not exist. The options are except'],
    ['revoke', 'handle', "not 'handle'"],
  ])('sessions.users.%s(7, %o)', async (name, options, contained) => {
    expect(await refusal(sessions.users, name, 7, options)).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(contained) as string,
    })
  })

  it('users.revoke with a session in place of its options, or with a misspelt one, ends no session', async () => {
    const session = sessions.create()
    session.login(8)
    await session.save()
    for (const options of [session, { exept: session }])
      expect(catchError(() => void sessions.users.revoke(8, options as never)).code).toBe('ERR_SESSION_CONFIG')
    expect(await sessions.users.list(8)).toHaveLength(1)
  })
})

describe('arguments of another type are an error that says what to pass', () => {
  class Basket {}
  it.each<[value: unknown, contained: string]>([
    [new Map([['theme', 'dark']]), 'Object.fromEntries(map)'],
    ['ab', "got 'ab'"],
    [[1], 'got an array'],
    [null, 'got null'],
    [undefined, 'got undefined'],
    [5, 'got 5'],
    [new Basket(), 'got an object'],
  ])('session.assign(%o)', async (value, contained) => {
    const session = sessions.create()
    expect(await refusal(session, 'assign', value)).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(contained) as string,
    })
    expect(session.modified).toBe(false)
  })

  it('assign takes an empty object, one without a prototype, and the data of a session', () => {
    const other = sessions.create().set('theme', 'dark')
    const session = sessions
      .create()
      .assign({})
      .assign(Object.create(null) as object)
      .assign(other.data)
    expect(session.toObject()).toEqual({ theme: 'dark' })
  })

  it.each([[['visits']], [['visits', 5]]])('session.update(%o)', async (args) => {
    const error = await refusal(sessions.create(), 'update', ...args)
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('Pass a function') as string })
  })

  it("session.flash('a') names `flashed`", async () => {
    const error = await refusal(sessions.create(), 'flash', 'a')
    expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', message: expect.stringContaining("flashed('a')") as string })
  })

  it.each([undefined, null, {}, { session: 1 }, 'id'])('csrfToken(%o) and verifyCsrfToken(%o)', (value) => {
    for (const act of [() => csrfToken(value as never), () => verifyCsrfToken(value as never, 'token')])
      expect(catchError(act)).toMatchObject({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining('Pass the session: req.session') as string,
      })
  })

  it.each([undefined, null, 'request', 5])('sessions.of(%o)', async (value) => {
    expect(await refusal(sessions, 'of', value)).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('Pass the request') as string,
    })
  })

  it.each<[request: unknown, contained: string]>([
    [{ secure: true, loopback: false }, '`header(name)`'],
    [{ headers: new Map() }, 'sessions.open(request) got an object'],
    [{ headers: null }, 'sessions.open(request) got an object'],
    [{ headers: { Cookie: 'sid=1' } }, "'Cookie' is not in lower case"],
    [{ headers: { Host: 'shop.example' }, requestContext: {} }, "'Host' is not in lower case"],
  ])('sessions.open(%o)', async (request, contained) => {
    expect(await refusal(sessions, 'open', request)).toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(contained) as string,
    })
  })

  it('sessions.revoke refuses an id without showing it, and takes a handle', async () => {
    const session = sessions.create().set('a', 1)
    await session.save()
    const { id = '', handle = '' } = session
    const { code, message } = await refusal(sessions, 'revoke', id)
    expect([code, message.includes('is an id'), message.includes(id.slice(0, 16))]).toEqual(['ERR_SESSION_CONFIG', true, false])
    expect(await sessions.revoke(handle)).toBe(true)
  })
})

describe('a value that cannot be the id of a user is refused by every way to set it, as by login', () => {
  it.each<[kind: string, value: unknown]>([
    ['a long text', 'x'.repeat(3000)],
    ['an object', { id: 1 }],
    ['null', null],
    ['an empty text', ''],
    ['NaN', Number.NaN],
  ])('%s', (_, value) => {
    const session = sessions.create()
    const id = value as never
    const ways = [
      () => session.login(id),
      () => session.set('userId', id),
      () => session.assign({ userId: id }),
      () => session.update('userId', () => id),
      () => session.setDefault('userId', id),
      () => void (session.data['userId'] = id),
    ]
    const errors = ways.map((way) => catchError(way))
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'userId' })
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1)
    expect([session.modified, session.userId]).toEqual([false, undefined])
  })

  it('an id is set', () => {
    expect(sessions.create().set('userId', 'x'.repeat(1000)).set('userId', 7).userId).toBe(7)
  })
})
