import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, TestApp } from '../fixture.ts'

describe('the random generator', () => {
  it('rejects the request if it throws, and no id is issued and nothing is written', async () => {
    const app = await appWith({ a: 1 })
    let broken = false
    const manager = app.createManager({
      random: (size) => {
        if (broken) throw new Error('no entropy')
        return crypto.getRandomValues(new Uint8Array(size))
      },
    })
    const changes: ((session: Session<any>) => unknown)[] = [
      (session) => session.set('b', 1),
      (session) => session.cycleId(),
      (session) => session.login(1),
    ]
    const before = await app.rows()
    for (const cookie of [app.browser.cookie, undefined]) {
      for (const change of changes.slice(0, cookie === undefined ? 1 : 3)) {
        broken = false
        const session = await manager.open(incoming(cookie))
        change(session)
        broken = true
        await expect(manager.commit(session, { status: 200 })).rejects.toThrow()
        expect(manager.headers(session).getSetCookie()).toEqual([])
      }
    }
    expect(await app.rows()).toEqual(before)
  })

  it.each<[string, (size: number) => Uint8Array]>([
    ['too few bytes', (size) => new Uint8Array(size - 1)],
    ['always the same bytes', (size) => new Uint8Array(size)],
    ['something else', () => 'bytes' as unknown as Uint8Array],
  ])('is rejected at creation if it returns %s', (_name, random) => {
    expect(() => new TestApp({ random })).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
  })
})
