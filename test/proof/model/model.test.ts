// Laws of the whole manager. The laws of its pure parts (replaying, merging, expiry) are in
// test/core.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSessions, type Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../helpers/incoming.ts'
import { parseSetCookie } from '../simulation/subject.ts'

type Verb = readonly [real: (session: Session) => unknown, model: (model: Model) => unknown]

/** A session in ten lines. */
interface Model {
  data: Map<string, unknown>
  last: unknown
}

const end = (model: Model): void => void Object.assign(model, { data: new Map(), last: undefined })
const remove = (model: Model, key: string): boolean => {
  if (key === 'userId') model.last = model.data.get(key) ?? model.last
  return model.data.delete(key)
}
const login = (model: Model, user: number): void => {
  const before = model.data.get('userId') ?? model.last
  if (before !== undefined && before !== user) end(model)
  model.data.set('userId', user)
  model.last = undefined
}

/**
 * A request with one verb. Its result, and the data that the next request sees, must equal the
 * model's.
 */
class ModelRequest implements fc.AsyncCommand<Model, Context> {
  readonly #name: string
  readonly #verb: Verb

  constructor(name: string, verb: Verb) {
    this.#name = name
    this.#verb = verb
  }

  check(): boolean {
    return true
  }

  async run(model: Model, context: Context): Promise<void> {
    const session = await context.sessions.open(incoming(context.cookie))
    expect(session.toObject()).toEqual(Object.fromEntries(model.data))
    const expected = this.#verb[1](model)
    expect(await this.#verb[0](session)).toEqual(expected)
    expect(session.toObject()).toEqual(Object.fromEntries(model.data))
    const headers = await context.sessions.commit(session, { status: 200 })
    for (const line of headers.getSetCookie())
      context.cookie = parseSetCookie(line) === '' ? undefined : `__Host-sid=${parseSetCookie(line)}`
  }

  toString(): string {
    return this.#name
  }
}

interface Context {
  readonly sessions: Sessions
  cookie: string | undefined
}

const key = fc.constantFrom('a', 'b', '__proto__', 'userId')
const value = fc.oneof(fc.integer(), fc.string(), fc.record({ deep: fc.array(fc.nat()) }))

const commands = fc.commands<Model, Context, false>([
  fc.tuple(key, value).map(([k, v]) => {
    const stored = k === 'userId' ? 'user' : v
    const real = (session: Session): void => void session.set(k, stored)
    const model = (state: Model): void => {
      state.data.set(k, stored)
      if (k === 'userId') state.last = undefined
    }
    return new ModelRequest(`set(${k}, ${fc.stringify(v)})`, [real, model])
  }),
  key.map((k) => new ModelRequest(`delete(${k})`, [(session) => session.delete(k), (model) => remove(model, k)])),
  key.map((k) => {
    const model = (state: Model): unknown => [state.data.get(k), remove(state, k)][0]
    return new ModelRequest(`pop(${k})`, [(session) => session.pop(k), model])
  }),
  key.map((k) => {
    const model = (state: Model): unknown => [state.data.get(k), remove(state, k)][0]
    return new ModelRequest(`claim(${k})`, [(session) => session.claim(k), model])
  }),
  fc.constant(
    new ModelRequest('increment(n)', [
      (session) => session.increment('n'),
      (model) => Number(model.data.set('n', Number(model.data.get('n') ?? 0) + 1).get('n')),
    ]),
  ),
  fc.constant(new ModelRequest('clear', [(session) => session.clear(), end])),
  fc.constant(new ModelRequest('flush', [(session) => session.flush(), end])),
  fc.constant(new ModelRequest('cycleId', [(session) => session.cycleId(), () => undefined])),
  fc
    .integer({ min: 1, max: 3 })
    .map((user) => new ModelRequest(`login(${user})`, [(session) => session.login(user), (model) => login(model, user)])),
  fc.constant(new ModelRequest('read', [() => undefined, () => undefined])),
])

describe('sequential requests', () => {
  it('behave like the model', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        const setup = (): { model: Model; real: Context } => ({
          model: { data: new Map(), last: undefined },
          real: { sessions: createSessions({ store: new MemoryStore() }), cookie: undefined },
        })
        await fc.asyncModelRun(setup, run)
      }),
      { numRuns: 200 },
    )
  })
})

describe('concurrent requests, with store operations finishing in any order', () => {
  it('neither lose nor repeat an update, and claim a value once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        async (scheduler, requests, processes) => {
          const store = new MemoryStore()
          const first = await createSession(store)
          const managers = Array.from({ length: processes }, () => createSessions({ store: scheduled(store, scheduler) }))
          const numbers = Array.from({ length: requests }, (_, number) => number)
          const work = numbers.map((number) => sendRequest(managers[number % processes] as Sessions, first, number))
          const claimed = await scheduler.waitFor(Promise.all(work))
          const last = await createSessions({ store }).load(first)
          expect((last.get('log') as number[]).toSorted((a, b) => a - b)).toEqual(numbers)
          expect(last.toObject()).toMatchObject({
            count: requests,
            ...Object.fromEntries(numbers.map((number) => [`property${number}`, number])),
          })
          expect(claimed.filter((each) => each === 'ticket')).toHaveLength(1)
        },
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})

async function createSession(store: Store): Promise<string> {
  const session = createSessions({ store }).create()
  session.set('ticket', 'ticket')
  await session.save()
  return session.id as string
}

async function sendRequest(sessions: Sessions, id: string, number: number): Promise<unknown> {
  const session = await sessions.open(incoming(`__Host-sid=${id}`))
  session.set(`property${number}`, number)
  session.push('log', number)
  session.increment('count')
  const claimed = await session.claim('ticket')
  await sessions.commit(session, { status: 200 })
  return claimed
}

/** Every result is delayed until the scheduler picks it. */
function scheduled(store: Store, scheduler: fc.Scheduler): Store {
  return {
    capabilities: store.capabilities,
    load: scheduler.scheduleFunction((operation: Parameters<Store['load']>[0]) => store.load(operation)),
    create: scheduler.scheduleFunction((operation: Parameters<Store['create']>[0]) => store.create(operation)),
    replace: scheduler.scheduleFunction((operation: Parameters<Store['replace']>[0]) => store.replace(operation)),
    touch: scheduler.scheduleFunction((operation: Parameters<Store['touch']>[0]) => store.touch(operation)),
    delete: scheduler.scheduleFunction((operation: Parameters<Store['delete']>[0]) => store.delete(operation)),
  }
}
