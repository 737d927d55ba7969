// The laws of the whole manager. Those of its pure parts (replaying, merging, expiry) are in test/core.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSessions, type Sessions } from '../../../src/core/manager/sessions.ts'
import type { Session } from '../../../src/core/session/session.ts'
import type { Store } from '../../../src/core/store/store.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { incoming } from '../../incoming.ts'
import { idIn } from '../simulation/subject.ts'

type Verb = readonly [real: (session: Session) => unknown, model: (model: Model) => unknown]

/** Ten lines that say what a session is. */
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

/** A request that uses one verb: what it answers and what the next request sees are the model's. */
class Visit implements fc.AsyncCommand<Model, World> {
  readonly #name: string
  readonly #verb: Verb

  constructor(name: string, verb: Verb) {
    this.#name = name
    this.#verb = verb
  }

  check(): boolean {
    return true
  }

  async run(model: Model, world: World): Promise<void> {
    const session = await world.sessions.open(incoming(world.cookie))
    expect(session.toObject()).toEqual(Object.fromEntries(model.data))
    const wanted = this.#verb[1](model)
    expect(await this.#verb[0](session)).toEqual(wanted)
    expect(session.toObject()).toEqual(Object.fromEntries(model.data))
    const headers = await world.sessions.commit(session, { status: 200 })
    for (const line of headers.getSetCookie()) world.cookie = idIn(line) === '' ? undefined : `__Host-sid=${idIn(line)}`
  }

  toString(): string {
    return this.#name
  }
}

interface World {
  readonly sessions: Sessions
  cookie: string | undefined
}

const key = fc.constantFrom('a', 'b', '__proto__', 'userId')
const value = fc.oneof(fc.integer(), fc.string(), fc.record({ deep: fc.array(fc.nat()) }))

const commands = fc.commands<Model, World, false>([
  fc.tuple(key, value).map(([k, v]) => {
    const stored = k === 'userId' ? 'someone' : v
    const real = (session: Session): void => void session.set(k, stored)
    const model = (state: Model): void => {
      state.data.set(k, stored)
      if (k === 'userId') state.last = undefined
    }
    return new Visit(`set(${k}, ${fc.stringify(v)})`, [real, model])
  }),
  key.map((k) => new Visit(`delete(${k})`, [(session) => session.delete(k), (model) => remove(model, k)])),
  key.map((k) => {
    const model = (state: Model): unknown => [state.data.get(k), remove(state, k)][0]
    return new Visit(`pop(${k})`, [(session) => session.pop(k), model])
  }),
  key.map((k) => {
    const model = (state: Model): unknown => [state.data.get(k), remove(state, k)][0]
    return new Visit(`claim(${k})`, [(session) => session.claim(k), model])
  }),
  fc.constant(
    new Visit('increment(n)', [
      (session) => session.increment('n'),
      (model) => Number(model.data.set('n', Number(model.data.get('n') ?? 0) + 1).get('n')),
    ]),
  ),
  fc.constant(new Visit('clear', [(session) => session.clear(), end])),
  fc.constant(new Visit('flush', [(session) => session.flush(), end])),
  fc.constant(new Visit('cycleId', [(session) => session.cycleId(), () => undefined])),
  fc
    .integer({ min: 1, max: 3 })
    .map((user) => new Visit(`login(${user})`, [(session) => session.login(user), (model) => login(model, user)])),
  fc.constant(new Visit('look', [() => undefined, () => undefined])),
])

describe('one request after the other', () => {
  it('is the model', async () => {
    await fc.assert(
      fc.asyncProperty(commands, async (run) => {
        const setup = (): { model: Model; real: World } => ({
          model: { data: new Map(), last: undefined },
          real: { sessions: createSessions({ store: new MemoryStore() }), cookie: undefined },
        })
        await fc.asyncModelRun(setup, run)
      }),
      { numRuns: 200 },
    )
  })
})

describe('requests at the same time, with the store answering in any order', () => {
  it('lose and double no update, and hand a value out once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 1, max: 3 }),
        async (scheduler, requests, processes) => {
          const store = new MemoryStore()
          const first = await born(store)
          const managers = Array.from({ length: processes }, () => createSessions({ store: scheduled(store, scheduler) }))
          const numbers = Array.from({ length: requests }, (_, number) => number)
          const work = numbers.map((number) => visit(managers[number % processes] as Sessions, first, number))
          const claimed = await scheduler.waitFor(Promise.all(work))
          const last = await createSessions({ store }).load(first)
          expect((last.get('log') as number[]).toSorted((a, b) => a - b)).toEqual(numbers)
          expect(last.toObject()).toMatchObject({
            count: requests,
            ...Object.fromEntries(numbers.map((number) => [`own${number}`, number])),
          })
          expect(claimed.filter((each) => each === 'ticket')).toHaveLength(1)
        },
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})

async function born(store: Store): Promise<string> {
  const session = createSessions({ store }).create()
  session.set('ticket', 'ticket')
  await session.save()
  return session.id as string
}

async function visit(sessions: Sessions, id: string, number: number): Promise<unknown> {
  const session = await sessions.open(incoming(`__Host-sid=${id}`))
  session.set(`own${number}`, number)
  session.push('log', number)
  session.increment('count')
  const claimed = await session.claim('ticket')
  await sessions.commit(session, { status: 200 })
  return claimed
}

/** Every answer waits for its turn, which the scheduler draws. */
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
