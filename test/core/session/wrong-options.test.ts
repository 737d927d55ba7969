import { describe, expect, it } from 'vitest'
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
