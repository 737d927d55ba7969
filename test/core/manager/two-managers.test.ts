import { describe, expect, it, vi } from 'vitest'
import { type CookieOptions, createSessions, type Sessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'

async function loggedIn(sessions: Sessions, userId: string): Promise<{ name: string; id: string }> {
  const session = await sessions.open(incoming(undefined))
  session.login(userId)
  const [name = '', id = ''] = ((await sessions.commit(session, { status: 200 })).get('set-cookie') ?? '').split(/[=;]/)
  return { name, id }
}

describe('two managers on one store', () => {
  const store = new MemoryStore()
  const managers = (second: CookieOptions): [Sessions, Sessions] => [
    createSessions({ store }),
    createSessions({ store, as: 'adminSession', cookie: second }),
  ]

  it('do not accept ids of each other', async () => {
    const [visitors, admins] = managers({ name: 'admin' })
    const { id } = await loggedIn(visitors, 'visitor')
    const forged = await admins.open(incoming(`__Host-admin=${id}`))
    expect([forged.userId, forged.isNew]).toEqual([undefined, true])
    forged.flush()
    await admins.commit(forged, { status: 200 })
    expect((await visitors.open(incoming(`__Host-sid=${id}`))).userId).toBe('visitor')
    const admin = await loggedIn(admins, 'admin')
    expect((await visitors.open(incoming(`__Host-sid=${admin.id}`))).userId).toBeUndefined()
    expect((await admins.open(incoming(`${admin.name}=${admin.id}`))).userId).toBe('admin')
  })

  it('with the same cookie share their sessions, with a prefix or without', async () => {
    const [, first] = managers({ name: 'admin' })
    const [, second] = managers({ name: '__Host-admin' })
    const { name, id } = await loggedIn(first, 'ada')
    expect((await second.open(incoming(`${name}=${id}`))).userId).toBe('ada')
    expect((await second.load(id)).userId).toBe('ada')
  })
})

it('a rejected promise of a listener is logged and has no other effect', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const onEvent = async (): Promise<never> => {
    throw new Error('the log is full')
  }
  const sessions = createSessions({ store: new MemoryStore(), onEvent })
  await loggedIn(sessions, 'ada')
  await new Promise((resolve) => setImmediate(resolve))
  expect(log).toHaveBeenCalled()
})
