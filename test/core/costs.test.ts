// Keeps the path of a request through this package short: it counts stack frames and promises and
// fails if they exceed LIMITS.
//
// Frames: the store records `new Error().stack` when it is called, with an unlimited
// `Error.stackTraceLimit`. A frame counts if its file is in `src`, also one that V8 lists as `async`.
// Frames of the store, of Express, of Node and of V8 (`new Promise`) do not count. The stack ends at
// the current tick, so the write is counted from the tick in which the deferred response starts its
// commit, which begins at `res.end()`.
//
// Promises: an `async_hooks` hook counts resources of type PROMISE while one request is opened, used
// and committed on a `MemoryStore`. `await` creates one more for each promise it waits for. Four of
// each count belong to the measuring function: its own promise, one for its caller's `await`, and
// two for its own. Other work in the process can only add promises, so the lowest of several runs is
// exact.
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express from 'express'
import { expect, test } from 'vitest'
import { session } from '../../src/adapters/express.ts'
import type { SessionAdapter } from '../../src/core/manager/adapter-port.ts'
import { adapterOf } from '../../src/core/manager/sessions.ts'
import { createSessions, type IncomingRequest } from '../../src/index.ts'
import { MemoryStore } from '../../src/stores/memory.ts'

/** The current values. Lower one when the code gets better; raising one needs a reason. */
const LIMITS = {
  'frames from Express to store.load': 10,
  'frames from res.end() to store.replace': 18,
  'promises of a read': 17,
  'promises of a write': 33,
  'promises of the first write of a new session': 17,
} as const

type Costs = Record<keyof typeof LIMITS, number>

const src = join(import.meta.dirname, '../../src/')

test('a request stays within the limits of frames and promises', async () => {
  const { load, replace } = await recordStacks()
  const promises = await countPromises()
  const costs: Costs = {
    'frames from Express to store.load': load.length,
    'frames from res.end() to store.replace': replace.length,
    'promises of a read': promises.read,
    'promises of a write': promises.write,
    'promises of the first write of a new session': promises.first,
  }
  console.log(
    Object.entries(costs)
      .map(([name, cost]) => `${String(cost).padStart(4)} ${name}`)
      .join('\n'),
  )
  // A stack that V8 cuts off, for instance at a timer, would be counted as a short one.
  for (const stack of [load, replace]) expect(stack.at(-1)).toContain('/src/adapters/')
  for (const [name, cost] of Object.entries(costs)) {
    expect(cost, name).toBeGreaterThan(4)
    expect(cost, name).toBeLessThanOrEqual(LIMITS[name as keyof typeof LIMITS])
  }
})

/** The frames of `src` above each operation of the store, in three requests to a server with Express. */
async function recordStacks(): Promise<Record<'load' | 'replace', readonly string[]>> {
  const stacks = { load: [] as readonly string[], replace: [] as readonly string[] }
  class RecordingStore extends MemoryStore {
    override load(...args: Parameters<MemoryStore['load']>): ReturnType<MemoryStore['load']> {
      stacks.load = framesOfSrc()
      return super.load(...args)
    }

    override replace(...args: Parameters<MemoryStore['replace']>): ReturnType<MemoryStore['replace']> {
      stacks.replace = framesOfSrc()
      return super.replace(...args)
    }
  }
  const app = express()
  app.use(session({ store: new RecordingStore() }))
  app.post('/', (req: express.Request, res: express.Response) => res.end(String(req.session.increment('count'))))
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const first = await fetch(url, { method: 'POST' })
  const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const second = await fetch(url, { method: 'POST', headers: { cookie } })
  expect(await second.text()).toBe('2')
  server.close()
  return stacks
}

function framesOfSrc(): readonly string[] {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = Number.POSITIVE_INFINITY
  const { stack = '' } = new Error('stack')
  Error.stackTraceLimit = stackTraceLimit
  return stack.split('\n').filter((line) => line.includes(src))
}

type Kind = 'read' | 'write' | 'first'

async function countPromises(): Promise<Record<Kind, number>> {
  const sessions = createSessions<any>({ store: new MemoryStore() })
  const adapter = adapterOf(sessions)
  const first = await sessions.open(requestWith(undefined))
  first.set('value', 0)
  const headers = await sessions.commit(first, { status: 200 })
  const cookie = headers.getSetCookie()[0]?.split(';')[0]
  const counts: Record<Kind, number> = { read: Infinity, write: Infinity, first: Infinity }
  let count = 0
  const hook = createHook({ init: (_id, type) => void (count += Number(type === 'PROMISE')) })
  for (let run = 1; run <= 20; run += 1)
    for (const kind of ['read', 'write', 'first'] as const) {
      const request = requestWith(kind === 'first' ? undefined : cookie)
      count = 0
      hook.enable()
      await serve(adapter, request, kind, run)
      hook.disable()
      counts[kind] = Math.min(counts[kind], count)
    }
  return counts
}

function requestWith(cookie: string | undefined): IncomingRequest {
  return { secure: true, loopback: false, header: (name) => (name === 'cookie' ? cookie : undefined) }
}

/** What an adapter does with one request. */
async function serve(adapter: SessionAdapter<any>, request: IncomingRequest, kind: Kind, value: number): Promise<void> {
  const exchange = await adapter.open(request)
  if (kind === 'read') exchange.session.get('value')
  else exchange.session.set('value', value)
  await exchange.commit(200)
}
