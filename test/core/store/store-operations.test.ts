// What a request asks of the store is a promise of docs/performance.md. The workloads are those of the bench.
import { describe, expect, it } from 'vitest'
import type { Session, SessionOptions } from '../../../src/index.ts'
import { DAY, HOUR, MINUTE, World } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const SMALL = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`property${index}`, 'x'.repeat(100)]))
const LARGE = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`property${index}`, 'x'.repeat(500)]))

/** A world whose store is watched, with a session in it where `data` says so. Loading it is nothing that the test did. */
async function watchedWorld(data?: object, options: Partial<SessionOptions> = {}): Promise<{ world: World; calls: string[] }> {
  const world = new World(options, (memory) => new ScriptedStore(memory))
  if (data !== undefined) await world.visit((session) => session.assign({ ...data, visits: 0 }))
  const { calls } = world.store as ScriptedStore
  calls.length = 0
  return { world, calls }
}

async function callsOf(handler: (session: Session<any>) => unknown, data?: object, options?: Partial<SessionOptions>): Promise<string[]> {
  const { world, calls } = await watchedWorld(data, options)
  await world.visit(handler)
  return calls
}

describe('what a request asks of the store', () => {
  it('W1, reading a property: one load', async () => {
    expect(await callsOf((session) => session.get('property3'), SMALL)).toEqual(['load'])
  })

  it('W2, a cookie and a session that is not used: one load, nothing at all with `lazy`', async () => {
    expect(await callsOf(() => undefined, SMALL)).toEqual(['load'])
    expect(await callsOf(() => undefined, SMALL, { lazy: true })).toEqual([])
  })

  it('W3, incrementing a property: a load and a replace', async () => {
    expect(await callsOf((session) => session.increment('visits'), SMALL)).toEqual(['load', 'replace'])
  })

  it('W4, no cookie and a session that is not used, or only read: nothing', async () => {
    expect(await callsOf(() => undefined)).toEqual([])
    expect(await callsOf((session) => session.get('property3'))).toEqual([])
  })

  it('W5, a login without a cookie: one create', async () => {
    expect(await callsOf((session) => session.login(7))).toEqual(['create'])
  })

  it('W6, changing one of a hundred properties: a load and a replace', async () => {
    expect(await callsOf((session) => session.set('property7', 'y'), LARGE)).toEqual(['load', 'replace'])
  })
})

describe('touches', () => {
  it.each([
    { idle: '14d', each: HOUR },
    { idle: '30m', each: 3 * MINUTE },
  ] as const)('come at most once in $each ms with an idle time of $idle', async ({ idle, each }) => {
    const { world, calls } = await watchedWorld(SMALL, { idle, absolute: '30d' })
    const step = each / 6
    for (let at = 0; at < 60; at += 1) {
      world.clock.advance(step)
      await world.visit((session) => session.get('property3'))
    }
    const touches = calls.filter((call) => call === 'touch').length
    expect(touches).toBeGreaterThan(0)
    expect(touches).toBeLessThanOrEqual(10)
    expect(60 * step).toBeLessThan(DAY) // the session lived all the while
  })
})
