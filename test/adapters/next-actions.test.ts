import { expect, it, vi } from 'vitest'
import { nextSessions } from '../../src/adapters/next.ts'
import { createScriptedManager, failingWrites } from '../stories/harness/story-app.ts'

// Next is no dependency here; test/ecosystem has the real one.

/** The request that Next serves, and the tasks that run after its response. */
const now = vi.hoisted(() => ({ headers: new Headers(), cookies: new Map<string, string>(), tasks: [] as (() => Promise<void>)[] }))

vi.mock('next/headers.js', () => ({
  headers: async () => now.headers,
  cookies: async () => ({
    get: (name: string) => (now.cookies.has(name) ? { name, value: now.cookies.get(name) } : undefined),
    set: ({ name, value }: { name: string; value: string }) => now.cookies.set(name, value),
  }),
}))
vi.mock('next/server.js', () => ({ after: (task: () => Promise<void>) => now.tasks.push(task), NextResponse: {} }))
vi.mock('next/dist/server/app-render/work-async-storage.external.js', () => ({ workAsyncStorage: { getStore: () => undefined } }))
vi.mock('next/dist/server/app-render/work-unit-async-storage.external.js', () => ({ workUnitAsyncStorage: { getStore: () => undefined } }))

it('the page after an action whose commit failed neither shows nor saves its changes', async () => {
  const { sessions, store } = createScriptedManager({ cookie: { secure: true } })
  const { getSession, action } = nextSessions(sessions)
  const session = sessions.create().set('name', 'ada')
  await session.save()
  now.cookies.set('__Host-sid', session.id as string)
  now.headers = new Headers({ 'x-forwarded-proto': 'https', host: 'shop.example' })

  store.script = failingWrites
  await expect(action((opened) => opened.set('name', 'eve'))()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  expect((await getSession()).toObject()).toEqual({ name: 'ada' })
  store.script = () => undefined
  await Promise.all(now.tasks.map((run) => run()))
  expect((await sessions.load(session.id as string)).toObject()).toEqual({ name: 'ada' })
})
