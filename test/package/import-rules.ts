// Which file of `src` may import what. `import-rules.test.ts` checks every import of `src` against
// these tables, type-only imports too. A file belongs to the layer that its first folder names
// (`src/core/draft/draft.ts` to `core`), and `src/index.ts` to `index`.

/** The layers of `src`, and the layers that each may import from. A path in `src` stands for one file. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  codecs: ['wire'],
  core: ['wire', 'codecs'],
  stores: ['wire', 'core'], // a payload is opaque text to a store, so no codecs
  adapters: ['wire', 'codecs', 'core'], // the application passes the store in
  admin: ['wire', 'core'],
  cli: ['wire', 'codecs', 'core', 'admin', 'stores/open.ts'],
  django: ['wire', 'codecs', 'core', 'stores'],
  'express-session': ['wire', 'codecs', 'core', 'stores/memory.ts', 'adapters'],
  inspector: ['wire', 'core', 'admin'],
  otel: ['core'],
  csrf: ['wire', 'core'],
  move: ['wire', 'codecs', 'core'],
  channels: ['core'],
  sockets: ['core'],
  testing: ['core'],
  index: ['core'],
}

/**
 * The folders of a layer, and the folders of the same layer that each may import from. An entry
 * point belongs to the folder of its name: `stores/redis.ts` to `redis`.
 */
export const folders: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  core: {
    base: [],
    cookie: ['base'],
    values: ['base'],
    store: ['base'],
    config: ['base', 'cookie', 'values', 'store'],
    changes: ['base', 'values', 'store', 'config'],
    draft: ['base', 'cookie', 'values', 'store', 'config', 'changes'],
    commit: ['base', 'values', 'store', 'config', 'changes', 'draft'],
    session: ['base', 'values', 'store', 'config', 'changes', 'draft', 'commit'],
    security: ['base', 'store', 'config', 'commit'],
    watch: ['base', 'store', 'config', 'changes', 'draft'],
    manager: ['base', 'cookie', 'values', 'store', 'config', 'changes', 'draft', 'commit', 'session', 'security', 'watch'],
  },
  stores: {
    shared: [],
    sql: ['shared'],
    memory: ['shared'],
    cookie: ['shared'],
    cached: ['shared'],
    sealed: ['shared'],
    redis: ['shared'],
    sqlite: ['shared', 'sql'],
    mysql: ['shared', 'sql'],
    postgres: ['shared', 'sql'],
    open: ['shared', 'memory', 'sqlite', 'mysql', 'postgres', 'redis'],
  },
  adapters: {
    shared: [],
    node: ['shared'],
    web: ['shared'],
    express: ['shared', 'node'],
    koa: ['shared', 'node'],
    fastify: ['shared', 'node'],
    hono: ['shared', 'web'],
    nest: ['shared', 'express', 'fastify'],
    next: ['shared', 'web'],
    nuxt: ['shared', 'node'],
    sveltekit: ['shared', 'web'],
    'react-router': ['shared', 'web'],
    'tanstack-start': ['shared', 'web'],
  },
  'express-session': {
    values: [],
    cookie: ['values'],
    session: ['cookie'],
    'carry-over': ['values', 'cookie'],
    store: ['cookie', 'session'],
    config: ['values', 'cookie', 'store', 'carry-over'],
    request: ['values', 'cookie', 'session', 'config'],
    manager: ['values', 'cookie', 'session', 'store', 'carry-over', 'config', 'request'],
    'express-session': ['cookie', 'session', 'store', 'config', 'manager'],
  },
  django: {
    format: [],
    rows: ['format'],
    stores: ['format', 'rows'],
    sessions: ['format', 'rows', 'stores'],
    login: ['format', 'sessions'],
    django: ['format', 'stores', 'sessions', 'login'],
  },
}

/** The packages and modules of Node that the files whose path in `src` begins so may import. */
export const packages: Readonly<Record<string, readonly string[]>> = {
  '': ['node:crypto', 'node:zlib'], // every supported runtime has these two
  'wire/': ['cookie', 'node:buffer'],
  'codecs/': ['devalue'],
  'move/': ['node:buffer'], // the sessions of other libraries are base64
  'stores/': ['lru-cache'], // the application passes the database client in; it is typed by its shape
  'stores/open': ['pg', 'mysql2', 'redis'],
  'adapters/node': ['node:*'],
  'adapters/express': ['node:*'],
  'adapters/koa': ['node:*'],
  'adapters/fastify': ['node:*', 'fastify-plugin'],
  'adapters/nest': ['node:*', '@nestjs/common', '@nestjs/core'],
  'adapters/next': ['next'],
  'adapters/nuxt': ['nuxt', 'vue'],
  'adapters/sveltekit': ['node:async_hooks'],
  'adapters/react-router': ['node:async_hooks', 'react-router'],
  'django/rows/file-': ['node:*'],
  'inspector/charts': ['d3-scale', 'd3-shape'],
  'inspector/mount/': ['node:stream'],
  'otel/': ['@opentelemetry/api', 'node:diagnostics_channel'],
  'cli/': ['node:*', 'commander', 'cli-progress', 'cli-table3', '@bomb.sh/tab/commander'],
  'cli/app-module': ['an expression'], // the module of the application
  'express-session/': ['node:*'],
}

/** As `layers` and `packages`, for type-only imports. */
export const types: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['wire', 'codecs'],
  'express-session/express-session': ['express', 'express-session'],
  'adapters/': [
    'node:*',
    '@nestjs/common',
    '@nestjs/core',
    'fastify',
    'hono',
    'koa',
    'next',
    'nuxt',
    'vue',
    'react-router',
    '@tanstack/react-start',
  ],
  'inspector/': ['node:*', 'fastify'],
  'stores/sqlite/sqlite-file': ['node:fs', 'node:path'], // loaded at run time where the runtime has them
}
