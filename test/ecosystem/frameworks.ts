// The frameworks of the tables in README.md and docs/frameworks.md, which scripts/frameworks-table.ts
// writes. One row each.

export interface Framework {
  readonly name: string
  /** The import path. */
  readonly path: string
  /** Its page or chapter, in the folder docs. */
  readonly page: string
  /** Where the session is, for README.md. */
  readonly use: string
  /** Its application, if it has one in this folder. The others are in the table of the runtimes. */
  readonly application?: Application
}

interface Application {
  /** The folder with the packages. */
  readonly folder: string
  /** The folders with the packages of older versions, which have the same stories. */
  readonly olderFolders?: readonly string[]
  /** The package with the version in the table. */
  readonly module: string
  /** Its test file. */
  readonly test: string
  /** The runtime of a server without pages. Default `Node`. */
  readonly runtime?: string
}

export const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Express 4 and 5',
    path: 'sojourn/express',
    page: 'frameworks/express.md',
    use: '`req.session`',
    application: { folder: 'express', module: 'express', test: 'starters' },
  },
  {
    name: 'Fastify 5',
    path: 'sojourn/fastify',
    page: 'frameworks/fastify.md',
    use: '`request.session`',
    application: { folder: 'fastify', module: 'fastify', test: 'starters' },
  },
  { name: 'Koa 3', path: 'sojourn/koa', page: 'frameworks.md#koa-3', use: '`ctx.session`' },
  { name: 'Hono 4', path: 'sojourn/hono', page: 'frameworks.md#hono-4', use: '`c.var.session`' },
  {
    name: 'plain `http`, Connect',
    path: 'sojourn/node',
    page: 'frameworks.md#plain-nodehttp',
    use: '`withSession(options, (req, res, session) => …)`',
  },
  {
    name: '`Request → Response`: Bun, Deno, Workers',
    path: 'sojourn/web',
    page: 'frameworks.md#request--response-bun-deno-workers-route-handlers',
    use: '`withSession(options, (request, session) => …)`',
  },
  {
    name: 'Next 15 and 16',
    path: 'sojourn/next',
    page: 'frameworks/next.md',
    use: '`await getSession()` in components, actions, route handlers, proxy.ts',
    application: { folder: 'next', olderFolders: ['next15'], module: 'next', test: 'next' },
  },
  {
    name: 'Nuxt 4',
    path: 'sojourn/nuxt',
    page: 'frameworks/nuxt.md',
    use: '`await getUserSession(event)`, and `useUserSession()` in pages',
    application: { folder: 'nuxt', module: 'nuxt', test: 'nuxt' },
  },
  {
    name: 'SvelteKit',
    path: 'sojourn/sveltekit',
    page: 'frameworks/sveltekit.md',
    use: '`locals.session`',
    application: { folder: 'sveltekit', module: '@sveltejs/kit', test: 'sveltekit' },
  },
  {
    name: 'React Router',
    path: 'sojourn/react-router',
    page: 'frameworks/react-router.md',
    use: '`sessions.of(context)` in loaders and actions',
    application: { folder: 'react-router', module: 'react-router', test: 'react-router' },
  },
  {
    name: 'TanStack Start',
    path: 'sojourn/tanstack-start',
    page: 'frameworks/tanstack-start.md',
    use: '`context.session` in server functions and routes',
    application: { folder: 'tanstack-start', module: '@tanstack/react-start', test: 'tanstack-start' },
  },
  {
    name: 'NestJS 11 and 12',
    path: 'sojourn/nest',
    page: 'frameworks/nest.md',
    use: '`@Session() session: Session`, on Express and Fastify',
    application: { folder: 'nest', module: '@nestjs/core', test: 'nest-starter' },
  },
  {
    name: 'Astro',
    path: 'sojourn/web',
    page: 'frameworks/astro.md',
    use: '`Astro.locals.session`',
    application: { folder: 'astro', module: 'astro', test: 'astro' },
  },
  {
    name: 'h3 2',
    path: 'sojourn/web',
    page: 'frameworks/h3.md',
    use: '`sessions.of(event.req)`',
    application: { folder: 'apis', module: 'h3', test: 'h3' },
  },
  {
    name: 'Nitro 3 (beta)',
    path: 'sojourn/web',
    page: 'frameworks/nitro.md',
    use: '`sessions.of(event.req)`',
    application: { folder: 'nitro', module: 'nitro', test: 'nitro' },
  },
  {
    name: 'Elysia',
    path: 'sojourn/web',
    page: 'frameworks/elysia.md',
    use: '`session` of the context',
    application: { folder: 'apis', module: 'elysia', test: 'elysia', runtime: 'Bun' },
  },
  {
    name: 'tRPC',
    path: 'sojourn/node',
    page: 'frameworks/trpc.md',
    use: '`ctx.session`, also with `httpBatchStreamLink`',
    application: { folder: 'apis', module: '@trpc/server', test: 'trpc' },
  },
  {
    name: 'GraphQL Yoga',
    path: 'sojourn/node',
    page: 'frameworks/graphql-yoga.md',
    use: '`session` of the context',
    application: { folder: 'apis', module: 'graphql-yoga', test: 'graphql-yoga' },
  },
  {
    name: 'Apollo Server',
    path: 'sojourn/express',
    page: 'frameworks/apollo-server.md',
    use: '`session` of the context',
    application: { folder: 'apis', module: '@apollo/server', test: 'apollo-server' },
  },
  {
    name: 'Hono RPC',
    path: 'sojourn/hono',
    page: 'frameworks/hono-rpc.md',
    use: '`c.var.session`, typed up to the client',
    application: { folder: 'apis', module: 'hono', test: 'hono-rpc' },
  },
]
