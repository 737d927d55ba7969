export interface Framework {
  /** The name in the table. */
  readonly name: string
  /** The package with the version in the table. */
  readonly module?: string
  /** The import path of the adapter. */
  readonly path: string
  /** Its file in test/runtimes/servers. */
  readonly server: string
  /** Runtimes that lack a required feature, with the reason. */
  readonly unsupported?: Readonly<Record<string, string>>
  /** Runtimes in which a protocol upgrade is a response. */
  readonly sockets?: readonly string[]
}

const sockets = ['Deno', 'workerd']

const nodeHttpOnly = {
  workerd: "workerd's `node:http` is an emulation whose responses cannot be deferred. Use `sojourn/hono` or `sojourn/web`",
}

export const frameworks: readonly Framework[] = [
  { name: '`Request → Response`', path: 'sojourn/web', server: 'web', sockets },
  { name: 'Hono', module: 'hono', path: 'sojourn/hono', server: 'hono', sockets },
  { name: 'h3', module: 'h3', path: 'sojourn/web', server: 'h3', sockets },
  { name: 'Express 5', module: 'express', path: 'sojourn/express', server: 'express', unsupported: nodeHttpOnly },
  { name: 'Express 4', module: 'express4', path: 'sojourn/express', server: 'express4', unsupported: nodeHttpOnly },
  { name: 'Fastify', module: 'fastify', path: 'sojourn/fastify', server: 'fastify', unsupported: nodeHttpOnly },
  { name: 'Koa', module: 'koa', path: 'sojourn/koa', server: 'koa', unsupported: nodeHttpOnly },
  { name: 'plain `node:http`', path: 'sojourn/node', server: 'node', unsupported: nodeHttpOnly },
]

/** A store without rows, so the story of overlapping requests does not apply. */
export const COOKIE = { name: 'Sealed cookie', path: 'sojourn/stores/cookie' }

export const SQLITE = {
  name: 'SQLite',
  path: 'sojourn/stores/sqlite',
  unsupported: { workerd: 'workerd has no `node:sqlite`' } as Readonly<Record<string, string>>,
}
