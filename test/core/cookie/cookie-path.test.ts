import { describe, expect, it } from 'vitest'
import { NodeRequest } from '../../../src/core/cookie/node-request.ts'
import type { IncomingRequest } from '../../../src/index.ts'
import { catchError, TestApp } from '../fixture.ts'

function requestTo(path: string | undefined, headers: Readonly<Record<string, string>> = {}): IncomingRequest {
  return { secure: true, loopback: false, path, header: (name) => headers[name] }
}

describe('a write with the option `cookie.path`', () => {
  const app = new TestApp({ cookie: { path: '/app' } })

  it.each(['/', '/login', '/apple', '/application/app'])('is an error for %s, and makes no row', async (path) => {
    const session = await app.sessions.open(requestTo(path))
    expect(session.get('a')).toBeUndefined()
    const error = catchError(() => session.set('a', 1)) as Error
    expect(error).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
    expect(error.message).toContain(`the option \`cookie.path\` is '/app', so browsers would not send the cookie back to '${path}'`)
    await app.sessions.commit(session, { status: 200 })
    expect(await app.rows()).toEqual([])
    expect(app.events).toContainEqual({ type: 'cookie-refused', reason: 'outside-path' })
  })

  it.each(['', '/', '/other', '/apple', 'app', '/ap, /app'])('is an error with the prefix %j, which a client can send', async (prefix) => {
    const session = await app.sessions.open(requestTo('/login', { 'x-forwarded-prefix': prefix }))
    expect(catchError(() => session.set('a', 1))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })

  it.each<[string, IncomingRequest]>([
    ['the path itself', requestTo('/app')],
    ['a path below it', requestTo('/app/cart')],
    ['an adapter that does not know the path', requestTo(undefined)],
    ['a proxy that shortens the path and says so', requestTo('/cart', { 'x-forwarded-prefix': '/app' })],
    ['a proxy with a slash at the end of its prefix', requestTo('/cart', { 'x-forwarded-prefix': '/app/' })],
    ['several proxies', requestTo('/cart', { 'x-forwarded-prefix': '/app, /inner' })],
    ['a path inside, whatever prefix a client sends', requestTo('/app/cart', { 'x-forwarded-prefix': '/other' })],
    ['a request that brings the cookie, whatever a proxy left of its path', requestTo('/cart', { cookie: '__Secure-sid=old' })],
  ])('is accepted for %s', async (_, request) => {
    const session = await app.sessions.open(request)
    session.set('a', 1)
    expect((await app.sessions.commit(session, { status: 200 })).getSetCookie()).toHaveLength(1)
  })

  it('is an error for a `Request` too', async () => {
    const session = await app.sessions.open(new Request('https://shop.example/login?next=/app/'))
    expect(catchError(() => session.set('a', 1))).toMatchObject({ code: 'ERR_SESSION_CONFIG' })
  })
})

describe('the path of a request', () => {
  it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['without its query', { url: '/app/cart?next=/login' }, '/app/cart'],
    ['of an application that Express mounts', { url: '/cart', originalUrl: '/app/cart' }, '/app/cart'],
    ['that is a URL is unknown', { url: 'http://shop.example/app' }, undefined],
  ])('of Node, %s', (_, target, path) => {
    const request = NodeRequest.from({ headers: {}, socket: { encrypted: true }, ...target }, undefined)
    expect(request.path).toBe(path)
  })
})
