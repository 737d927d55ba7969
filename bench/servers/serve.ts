// A server process. What it serves is told as JSON in its first argument; the bench asks it over IPC what it has used so far.
import { serveExpress } from './express.ts'
import { serveFastify } from './fastify.ts'
import { serveHono } from './hono.ts'
import { serveKoa } from './koa.ts'
import type { Serve } from './library.ts'
import { serveNode } from './node.ts'
import { operations } from './operations.ts'
import type { Place, StoreName } from './resources.ts'

export type Framework = keyof typeof FRAMEWORKS

/** What a server process is told. */
export interface Order {
  readonly framework: Framework
  readonly library: string
  readonly store: StoreName
  readonly place: Place
}

/** What it has used since it began. */
export interface Usage {
  /** Microseconds of CPU time of all its threads, in its own code and in the system. */
  readonly cpu: number
  /** What was asked of its store. */
  readonly operations: number
}

const FRAMEWORKS = {
  express: serveExpress,
  fastify: serveFastify,
  hono: serveHono,
  koa: serveKoa,
  node: serveNode,
} as const satisfies Record<string, Serve>

const { framework, library, store, place } = JSON.parse(process.argv[2] ?? '') as Order
const port = await FRAMEWORKS[framework](library, store, place)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: user + system, operations: operations.count } satisfies Usage)
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
