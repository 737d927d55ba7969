// A rolling deployment with the bridge: four processes with express-session and four with
// sojourn/express-session serve the same visitors, and the new ones are killed at random times. Their
// old store is slow, loses operations and is down now and then.
// REQUESTS=100000 runs longer than the default.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { startDatabases } from './harness/databases.ts'
import { Visitor } from './harness/visitor.ts'

const REQUESTS = Number(process.env['REQUESTS'] ?? 10_000) / 2
const PROCESSES = 4
const VISITORS = 24
const KILLS = 6

const urls = startDatabases()

describe.each(['connect-redis', 'connect-pg-simple'])('with %s', (store) => {
  it(`no visitor is logged out, and no session is revived, in ${REQUESTS} requests`, { timeout: REQUESTS * 40 }, async () => {
    const deployment = new Deployment(store)
    try {
      await deployment.start()
      const problems = await deployment.run()
      expect(problems).toEqual([])
      expect(deployment.requests).toBeGreaterThanOrEqual(REQUESTS)
      expect(deployment.logouts).toBeGreaterThan(10)
    } finally {
      deployment.stop()
    }
  })
})

class Server {
  port = 0
  readonly #kind: string
  readonly #store: string
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined

  constructor(kind: string, store: string) {
    this.#kind = kind
    this.#store = store
  }

  async start(): Promise<void> {
    const program = join(import.meta.dirname, 'old-stores/server.cjs')
    this.#child = spawn(process.execPath, [program, this.#kind, this.#store], {
      env: { ...process.env, REDIS_URL: urls.redis, POSTGRES_URL: urls.postgres },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(createInterface(this.#child.stdout), 'line')) as [string]
    this.port = Number(line)
  }

  kill(): void {
    this.#child?.kill('SIGKILL')
  }
}

class Deployment {
  requests = 0
  logouts = 0
  readonly #old: readonly Server[]
  readonly #new: readonly Server[]
  readonly #problems: string[] = []

  constructor(store: string) {
    const servers = (kind: string): Server[] => Array.from({ length: PROCESSES }, () => new Server(kind, store))
    this.#old = servers('old')
    this.#new = servers('new')
  }

  async start(): Promise<void> {
    await Promise.all([...this.#old, ...this.#new].map((server) => server.start()))
  }

  stop(): void {
    for (const server of [...this.#old, ...this.#new]) server.kill()
  }

  async run(): Promise<readonly string[]> {
    await Promise.all([...Array.from({ length: VISITORS }, (_, index) => this.#visit(`user${index}`)), this.#killSome()])
    return this.#problems
  }

  /** One kill after each part of the requests. */
  async #killSome(): Promise<void> {
    for (let kill = 1; kill <= KILLS; kill++) {
      while (this.requests < (REQUESTS * kill) / (KILLS + 1)) await pause(20)
      const server = pick(this.#new)
      server.kill()
      await server.start()
    }
  }

  async #visit(user: string): Promise<void> {
    while (this.requests < REQUESTS) {
      const visitor = new Visitor()
      await this.#logIn(visitor, user)
      await this.#use(visitor, user)
      await this.#logOut(visitor)
    }
  }

  async #logIn(visitor: Visitor, user: string): Promise<void> {
    while ((await this.#send(visitor, this.#any().port, `/login/${user}`)) === undefined) visitor.cookie = undefined
  }

  async #use(visitor: Visitor, user: string): Promise<void> {
    const known = new Map<string, Set<unknown>>([['userId', new Set([user])]])
    // Of parallel requests, one that failed may have left the old row as it was before the others.
    let isStale = false
    const read = async (server: Server): Promise<void> => {
      const data = await this.#send(visitor, server.port, '/')
      if (data === undefined) return
      if (this.#new.includes(server)) isStale = false
      for (const [name, values] of known) {
        if (values.has(data[name]) || (isStale && name !== 'userId')) continue
        const kind = this.#new.includes(server) ? 'a new' : 'an old'
        this.#problems.push(`at ${kind} process: ${name} is ${String(data[name])}, expected ${[...values].join(' or ')}`)
      }
    }
    const set = async (port: number, name: string): Promise<void> => {
      const value = String(this.requests)
      const values = known.get(name) ?? new Set([undefined])
      known.set(name, new Set([...values, value])) // until there is a response
      const data = await this.#send(visitor, port, `/set/${name}/${value}`)
      if (data === undefined) isStale = true
      else known.set(name, new Set([value]))
    }
    for (let step = 0; step < 20; step++) {
      const kind = Math.random()
      if (kind < 0.4) await read(this.#any())
      else if (kind < 0.8) await set(this.#any().port, pick(['a', 'b', 'c']))
      else await Promise.all(['a', 'b', 'c'].map((name) => set(pick(this.#new).port, name))) // merged
    }
    await read(pick(this.#old))
    await read(pick(this.#new))
  }

  async #logOut(visitor: Visitor): Promise<void> {
    const copy = visitor.copy()
    while ((await this.#send(copy.copy(), this.#any().port, '/logout')) === undefined);
    this.logouts += 1
    for (const { port } of [pick(this.#old), pick(this.#new), pick(this.#old)]) {
      const data = await this.#send(copy.copy(), port, '/')
      if (data !== undefined && Object.keys(data).length > 0) this.#problems.push(`after the logout: ${JSON.stringify(data)}`)
    }
  }

  #any(): Server {
    return pick([...this.#old, ...this.#new])
  }

  /** Resolves to the data in the response; `undefined` if the request failed. */
  async #send(visitor: Visitor, port: number, path: string): Promise<Data | undefined> {
    this.requests += 1
    try {
      const data = (await visitor.get(port, path)) as Data
      return 'code' in data ? undefined : data
    } catch {
      await pause(50) // the process was killed
      return undefined
    }
  }
}

type Data = Readonly<Record<string, unknown>>

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)] as T
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
