import { describe, expect, it } from 'vitest'
import { adapterOf } from '../../../src/core/manager/sessions.ts'
import type { IncomingRequest, Session } from '../../../src/index.ts'
import { incoming } from '../../helpers/incoming.ts'
import { DAY, TestApp } from '../fixture.ts'

/** A session with a message, and functions that open it. */
async function start(): Promise<{ app: TestApp; open(isQuiet: boolean): Promise<Session>; request: IncomingRequest }> {
  const app = new TestApp()
  const visitor = app.sessions.create()
  visitor.flash('notice', 'Added.')
  await visitor.save()
  const request = incoming(`__Host-sid=${visitor.id}`)
  return { app, request, open: (isQuiet) => app.sessions.open({ ...request, isQuiet }) as Promise<Session> }
}

describe('a quiet request', () => {
  it('shows no message, so that the next request shows it', async () => {
    const { app, open } = await start()
    const prefetch = await open(true)
    expect(prefetch.flashed('notice')).toEqual([])
    await app.sessions.commit(prefetch, { status: 200 })
    expect((await open(false)).flashed('notice')).toEqual(['Added.'])
  })

  it('does not extend the session', async () => {
    const { app, open } = await start()
    for (const [isQuiet, expected] of [
      [true, []],
      [false, ['touched']],
    ] as const) {
      app.clock.advance(DAY)
      const session = await open(isQuiet)
      session.get('name')
      app.events.length = 0
      await app.sessions.commit(session, { status: 200 })
      expect(app.events.map(({ type }) => type).filter((type) => type === 'touched')).toEqual(expected)
    }
  })

  it('saves what it changes', async () => {
    const { app, open } = await start()
    const prefetch = await open(true)
    prefetch.set('name' as never, 'ada' as never)
    await app.sessions.commit(prefetch, { status: 200 })
    expect((await open(false)).get('name' as never)).toBe('ada')
  })
})

describe('a response that can give a token only in one phase', () => {
  it('lets a session start in that phase only, and keep its changes afterwards', async () => {
    const { app } = await start()
    const ability = { issues: false }
    const { session } = await adapterOf(app.sessions).open(incoming(undefined), ability)
    expect(() => session.set('name', 'ada')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
    ability.issues = true
    await session.set('name', 'ada').save()
    ability.issues = false
    await session.set('name', 'bea').save()
    expect(() => session.login('bea')).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
    expect((await app.sessions.load(session.id as string)).get('name')).toBe('bea')
  })
})
