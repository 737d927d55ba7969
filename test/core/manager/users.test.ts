import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { Browser, HOUR, rejection, START, World } from '../fixture.ts'

/** Three sessions of user 7 and one of user 8, on as many browsers. */
async function busy(): Promise<{ world: World; browsers: Browser[] }> {
  const world = new World()
  const browsers: Browser[] = []
  for (const user of [7, '7', 7, 8]) {
    const browser = new Browser()
    await world.visit((session) => session.login(user), { browser })
    browsers.push(browser)
    world.clock.advance(HOUR)
  }
  return { world, browsers }
}

describe('users', () => {
  it('list answers handle and instants of the living sessions of a user, and nothing else', async () => {
    const { world } = await busy()
    const listed = await world.sessions.users.list(7)
    expect(listed.map(({ createdAt }) => createdAt).sort()).toEqual([START, START + HOUR, START + 2 * HOUR])
    expect(new Set(listed.flatMap((each) => Object.keys(each)))).toEqual(new Set(['handle', 'createdAt', 'seenAt', 'expiresAt']))
    const keys = (await world.rows()).map(([key]) => key)
    expect(listed.every(({ handle }) => keys.includes(handle))).toBe(true)
    expect(await world.sessions.users.list('7')).toEqual(listed)
    expect(await world.sessions.users.list(9)).toEqual([])
  })

  it('list goes through all pages, and leaves expired ones out', async () => {
    const world = new World()
    for (let count = 0; count < 250; count++) {
      const session = world.sessions.create()
      session.login('many')
      await session.save()
    }
    expect((await world.sessions.users.list('many')).length).toBe(250)
    world.clock.advance(15 * 24 * HOUR)
    expect(await world.sessions.users.list('many')).toEqual([])
  })

  it('revoke ends every session of a user and tells how many', async () => {
    const { world, browsers } = await busy()
    expect(await world.sessions.users.revoke(7)).toBe(3)
    expect(await Promise.all(browsers.map((browser) => world.read(browser)))).toEqual([{}, {}, {}, { userId: 8 }])
    expect(await world.sessions.users.revoke(7)).toBe(0)
  })

  it('revoke spares the session with the handle `except`', async () => {
    const { world, browsers } = await busy()
    const mine = await world.open(browsers[1])
    expect(await world.sessions.users.revoke('7', { except: mine.handle })).toBe(2)
    expect(await Promise.all(browsers.map((browser) => world.read(browser)))).toEqual([{}, { userId: '7' }, {}, { userId: 8 }])
  })

  it('a request that was at work while its user was revoked is told that its session is gone', async () => {
    const { world, browsers } = await busy()
    const session = await world.open(browsers[0])
    session.set('a', 1)
    await world.sessions.users.revoke(7)
    expect((await rejection(world.sessions.commit(session, { status: 200 }))).code).toBe('ERR_SESSION_ENDED')
  })

  it('users that were logged out are not of that user any more', async () => {
    const { world, browsers } = await busy()
    await world.visit((session) => void session.delete('userId'), { browser: browsers[0] as Browser })
    expect(await world.sessions.users.revoke(7)).toBe(2)
  })

  it('on a store that cannot tell are a ConfigError', async () => {
    const memory = new MemoryStore()
    const bare = {
      capabilities: { ...memory.capabilities, list: false, indexes: [] },
      load: memory.load.bind(memory),
      create: memory.create.bind(memory),
      replace: memory.replace.bind(memory),
      touch: memory.touch.bind(memory),
      delete: memory.delete.bind(memory),
    }
    const { sessions } = new World({ store: bare })
    expect((await rejection(sessions.users.list(7))).code).toBe('ERR_SESSION_CONFIG')
    expect((await rejection(sessions.users.revoke(7))).code).toBe('ERR_SESSION_CONFIG')
    expect((await rejection(sessions.clearExpired())).code).toBe('ERR_SESSION_CONFIG')
    await sessions.close()
  })
})

describe('revoke', () => {
  it('ends one session by its handle, once', async () => {
    const { world, browsers } = await busy()
    const { handle = '' } = await world.open(browsers[3])
    expect([await world.sessions.revoke(handle), await world.sessions.revoke(handle), await world.sessions.revoke('nonsense')]).toEqual([
      true,
      false,
      false,
    ])
    expect(await world.read(browsers[3])).toEqual({})
    expect(world.reasons('ended')).toEqual(['revoked'])
  })
})
