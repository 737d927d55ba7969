import { describe, expect, it } from 'vitest'
import { rejection, type World, worldWith } from '../fixture.ts'
import { hangsAfter, resent, scripted, timeout } from '../scripted-requests.ts'
import { forever, lostAnswer, lostRequest, type Script, ScriptedStore, times } from '../scripted-store.ts'

describe('after a CommitUnknownError', () => {
  async function doubtful(): Promise<{ world: World; store: ScriptedStore; session: Awaited<ReturnType<World['open']>> }> {
    const { world, store } = await scripted({ n: 0, coupon: 1 })
    const session = await world.open()
    session.increment('n')
    store.on({ replace: lostAnswer, load: lostRequest })
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    await world.back()
    return { world, store, session }
  }

  it('only flush is still performed', async () => {
    const { world, session } = await doubtful()
    expect(() => session.set('b', 1)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_COMMIT_UNKNOWN' }))
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect((await rejection(session.save())).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    session.flush()
    world.browser.obey(await world.sessions.commit(session, { status: 200 }))
    expect([(await world.rows()).length, world.browser.cookie]).toEqual([0, undefined])
  })

  it('the commit of the request is refused too, and nothing is applied twice', async () => {
    const { world, session } = await doubtful()
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    expect(await world.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('reload does not make it forget', async () => {
    const { world, session } = await doubtful()
    await session.reload().catch(() => undefined)
    await world.sessions.commit(session, { status: 200 }).catch(() => undefined)
    expect(await world.read()).toEqual({ n: 1, coupon: 1 })
  })

  it('of a claim, the value is handed out at most once', async () => {
    const { world, store } = await scripted({ coupon: 1 })
    const session = await world.open()
    store.on({ replace: lostAnswer, load: lostRequest })
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    store.on({})
    await world.back()
    expect((await rejection(session.claim('coupon'))).code).toBe('ERR_SESSION_COMMIT_UNKNOWN')
    const { result } = await world.visit((other) => other.claim('coupon'))
    expect(result).toBeUndefined()
  })
})

describe('a claim', () => {
  it.each<[string, Script]>([
    ['whose answer was lost', times(1, lostAnswer)],
    ['that never got there', times(1, lostRequest)],
    ['that hangs after its effect', times(1, hangsAfter)],
    ['that a client library sent twice', times(1, resent)],
  ])('%s hands the value out once', async (_name, script) => {
    const { world, store } = await scripted({ coupon: 'c', a: 1 })
    store.on({ replace: script })
    const { result } = await world.visit((session) => session.claim('coupon'))
    expect(result).toBe('c')
    store.on({})
    expect(await world.read()).toEqual({ a: 1 })
  })
})

describe('every store call fails once, in every way', () => {
  const modes: [string, Script][] = [
    ['before the effect', lostRequest],
    ['after the effect', lostAnswer],
    ['hangs before the effect', forever],
    ['hangs after the effect', hangsAfter],
    ['is sent twice', resent],
  ]
  it.each(modes)('%s: the increment counts once, the claim is handed out once, no second row appears', async (_name, script) => {
    for (let failing = 1; failing <= 6; failing++) {
      const world = await worldWith({ n: 0, coupon: 'c' }, { timeout }, (memory) => new ScriptedStore(memory))
      const store = world.store as ScriptedStore
      let calls = 0
      const once: Script = (next, ...args) => ((calls += 1) === failing ? script(next, ...args) : undefined)
      store.on({ load: once, replace: once, touch: once })
      const session = await world.open()
      const outcome = await (async () => {
        session.increment('n')
        const coupon = await session.claim('coupon')
        await session.save()
        session.cycleId()
        world.browser.obey(await world.sessions.commit(session, { status: 200 }))
        return coupon
      })().catch((error: unknown) => error)
      store.on({})
      expect((await world.rows()).length).toBe(1)
      const row = JSON.parse((await world.row()).payload) as { n: number; coupon?: string }
      if (outcome === 'c') expect(row).toEqual({ n: 1 })
      else expect(outcome, `call ${failing}`).toMatchObject({ code: 'ERR_SESSION_STORE', operation: 'load' })
      if (outcome === 'c') expect(await world.read()).toEqual({ n: 1 })
      else expect(row).toEqual({ n: 0, coupon: 'c' })
    }
  })
})
