// A server process. Its options are JSON in the first argument; on every IPC message it returns its
// usage.
import { subscribe } from 'node:diagnostics_channel'
import type { StoreLocation, StoreName } from '../stores/connections.ts'
import { operations } from '../stores/operations.ts'
import type { Serve } from './library.ts'

export type Framework = keyof typeof FRAMEWORKS

/** The options of a server process. */
export interface ServerOptions {
  readonly framework: Framework
  readonly library: string
  readonly store: StoreName | 'cookie'
  readonly location: StoreLocation
}

/** The resources used since the start of the process. */
export interface Usage {
  /** Microseconds of CPU time of all threads, user and system. */
  readonly cpu: number
  /** The number of requests. */
  readonly requests: number
  /** The number of store operations. */
  readonly operations: number
}

/** Each process loads only its framework. */
const FRAMEWORKS = {
  express: async () => (await import('./express.ts')).serveExpress,
  fastify: async () => (await import('./fastify.ts')).serveFastify,
  hono: async () => (await import('./hono.ts')).serveHono,
  koa: async () => (await import('./koa.ts')).serveKoa,
  node: async () => (await import('./node.ts')).serveNode,
} as const satisfies Record<string, () => Promise<Serve>>

const { framework, library, store, location } = JSON.parse(process.argv[2] ?? '') as ServerOptions
const serve = await FRAMEWORKS[framework]()
let requests = 0
subscribe('http.server.request.start', () => (requests += 1))
const port = await serve(library, store, location)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system, requests, operations: operations.count } satisfies Usage)
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
