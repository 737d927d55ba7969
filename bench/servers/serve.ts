// A server process. What it serves is told as JSON in its first argument; the bench asks it over IPC what it has used so far.
import { subscribe } from 'node:diagnostics_channel'
import type { Serve } from './library.ts'
import { operations } from '../stores/operations.ts'
import type { StoreLocation, StoreName } from '../stores/connections.ts'

export type Framework = keyof typeof FRAMEWORKS

/** What a server process is told. */
export interface ServerOptions {
  readonly framework: Framework
  readonly library: string
  readonly store: StoreName | 'cookie'
  readonly place: StoreLocation
}

/** What it has used since it began. */
export interface Usage {
  /** Microseconds of CPU time of all its threads, in its own code and in the system. */
  readonly cpu: number
  /** Requests that reached it. */
  readonly requests: number
  /** What was asked of its store. */
  readonly operations: number
}

/** Each process loads its own framework only. */
const FRAMEWORKS = {
  express: async () => (await import('./express.ts')).serveExpress,
  fastify: async () => (await import('./fastify.ts')).serveFastify,
  hono: async () => (await import('./hono.ts')).serveHono,
  koa: async () => (await import('./koa.ts')).serveKoa,
  node: async () => (await import('./node.ts')).serveNode,
} as const satisfies Record<string, () => Promise<Serve>>

const { framework, library, store, place } = JSON.parse(process.argv[2] ?? '') as ServerOptions
const serve = await FRAMEWORKS[framework]()
let requests = 0
subscribe('http.server.request.start', () => (requests += 1))
const port = await serve(library, store, place)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system, requests, operations: operations.count } satisfies Usage)
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
