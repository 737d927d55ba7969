import { describe, expect, it } from 'vitest'
import { appWith, catchError, catchRejection, HOUR, START, TestApp } from '../fixture.ts'

describe('the option revokedBefore', () => {
  it('ends sessions that started before, for reading and for lists', async () => {
    const app = await appWith({ userId: 'ada' })
    app.clock.advance(HOUR)
    const strict = app.createManager({ revokedBefore: new Date(START) })
    const session = await app.open(app.browser, strict)
    expect([session.userId, await strict.users.list('ada'), app.eventReasons('absent').at(-1)]).toEqual([
      undefined,
      [],
      'unknown-or-expired',
    ])
    expect((await app.open()).userId).toBe('ada')
  })

  it('keeps sessions that started after, and a login starts one again', async () => {
    const app = await appWith({ cart: [1] })
    app.clock.advance(HOUR)
    const later = app.browser.copy()
    later.cookie = undefined
    await app.request((session) => session.login('eve'), { browser: later })
    await app.request((session) => session.login('ada'))
    const strict = app.createManager({ revokedBefore: new Date(START + HOUR - 1) })
    expect([(await app.open(later, strict)).userId, (await app.open(app.browser, strict)).get('cart')]).toEqual(['eve', [1]])
  })

  it('refuses a write of a request that another process has opened, and stores nothing', async () => {
    const app = await appWith({ cart: [1] })
    const session = await app.open()
    app.clock.advance(HOUR)
    const strict = app.createManager({ revokedBefore: new Date(START) })
    const late = await strict.load(session.id ?? '')
    late.set('cart', [2])
    expect(await catchRejection(late.save())).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(await app.read()).toEqual({ cart: [1] })
  })

  it.each([START, 'yesterday', new Date(Number.NaN), new Date(START + 1)])('refuses %s', (revokedBefore) => {
    const error = catchError(() => new TestApp({ revokedBefore: revokedBefore as never }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('revokedBefore')])
  })
})
