import { describe, expect, it } from 'vitest'
import { appWith, MINUTE } from '../fixture.ts'

describe('clearExpired', () => {
  it('deletes expired sessions, reports the number and keeps the others', async () => {
    const app = await appWith({ a: 1 }, { idle: '1h' })
    for (let count = 0; count < 25; count++) {
      const session = app.sessions.create()
      session.set('n', count)
      await session.save()
    }
    app.clock.advance(30 * MINUTE)
    await app.request((session) => void session.set('a', 2))
    app.clock.advance(45 * MINUTE)
    const progress: number[] = []
    expect(await app.sessions.clearExpired({ batch: 10, onProgress: (deleted) => progress.push(deleted) })).toBe(25)
    expect([progress.at(-1), (await app.rows()).length]).toEqual([25, 1])
    expect(await app.read()).toEqual({ a: 2 })
    expect(await app.sessions.clearExpired()).toBe(0)
  })
})
