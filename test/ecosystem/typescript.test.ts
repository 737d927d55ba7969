import { beforeAll, describe, expect, it } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { declarationsOf, NAMES } from '../docs/ambient.ts'
import { examples, moduleOf } from '../docs/examples.ts'
import { compile, type Project, RESOLUTIONS } from './harness/compile.ts'

/** An example of the documents, with the imports that it shows and declarations of the other names that it uses. */
function exampleProjects(): Project[] {
  return examples().map(({ place, code }) => {
    const names = Object.keys(NAMES).filter((name) => new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(code))
    const isOfExpress = names.some((name) => ['app', 'req', 'res'].includes(name)) && !code.includes("from 'sojourn/express'")
    const adapter = isOfExpress ? "type Adapter = typeof import('sojourn/express')\n" : ''
    return { name: place, files: { 'example.ts': moduleOf({ place, code }), 'names.d.ts': declarationsOf(names) + adapter } }
  })
}

const ENTRIES = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'sojourn'))

const AUGMENTATION = `declare module 'sojourn' {
  interface SessionData { cart: string[] }
}
`

/** These declarations need the framework, and are compiled in its application. */
const OF_FRAMEWORKS = ['sojourn/nest', 'sojourn/next', 'sojourn/react-router', 'sojourn/tanstack-start']

/** This entry and `sojourn/express` both declare `Request.session`, so no project has both. */
const EXPRESS_SESSION = 'sojourn/express-session'

/** The sentence of `declare module 'sojourn'` in a file that imports only one entry. */
const augmentations: readonly Project[] = ENTRIES.map((entry) => ({
  name: `declare module 'sojourn' next to an import of ${entry} alone`,
  files: { 'data.ts': `import type {} from '${entry}'\n\n${AUGMENTATION}` },
}))

const USE = `import express from 'express'
import { session } from 'sojourn/express'
import { MemoryStore } from 'sojourn/stores/memory'

const app = express()
app.use(session({ store: new MemoryStore() }))
app.get('/', (req, res) => {
  req.session.push('cart', 'bread')
  // @ts-expect-error -- not declared
  req.session.set('crat', [])
  res.json(req.session.get('cart', []))
})
`

const others: readonly Project[] = [
  { name: "declare module 'sojourn' in the file of the application", files: { 'app.ts': `${USE}\n${AUGMENTATION}` } },
  {
    name: "declare module 'sojourn' in a .d.ts file",
    files: { 'app.ts': USE, 'data.d.ts': `${AUGMENTATION}\nexport {}\n` },
  },
  {
    name: 'an open database of better-sqlite3',
    files: {
      'app.ts': `import Database from 'better-sqlite3'
import { SqliteStore } from 'sojourn/stores/sqlite'

const database = new Database('sessions.db')
new SqliteStore(database)
new SqliteStore({ database })
`,
    },
  },
  {
    name: 'clients of pg, postgres.js, mysql2, redis and node:sqlite',
    files: {
      'app.ts': `import { DatabaseSync } from 'node:sqlite'
import mysql from 'mysql2'
import mysqlPromise from 'mysql2/promise'
import { Pool } from 'pg'
import postgres from 'postgres'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { MysqlStore } from 'sojourn/stores/mysql'
import { PostgresStore } from 'sojourn/stores/postgres'
import { RedisStore } from 'sojourn/stores/redis'
import { SqliteStore } from 'sojourn/stores/sqlite'

const url = ''
new SqliteStore(new DatabaseSync('sessions.db'))
new PostgresStore({ pool: new Pool() })
new PostgresStore({ pool: postgres(url) })
new MysqlStore({ pool: mysql.createPool(url) })
new MysqlStore({ pool: mysqlPromise.createPool(url) })
new RedisStore({ client: createClient() })
new RedisStore({ client: createClientPool() })
new RedisStore({ client: createCluster({ rootNodes: [] }) })
new RedisStore({ client: createSentinel({ name: 'main', sentinelRootNodes: [] }) })
`,
    },
  },
  {
    name: 'a manager that is registered with Fastify',
    files: {
      'app.ts': `import fastify from 'fastify'
import { createSessions } from 'sojourn'
import { session } from 'sojourn/fastify'
import { MemoryStore } from 'sojourn/stores/memory'

const sessions = createSessions({ store: new MemoryStore() })
const typed = createSessions<{ role: string }>({ store: new MemoryStore(), as: 'adminSession', cookie: { name: 'admin' } })
const app = fastify()
await app.register(session, sessions)
await app.register(session, typed)
await app.register(session, { sessions })
await app.register(session, { store: new MemoryStore(), idle: '1h' })
// @ts-expect-error -- not an option
await app.register(session, { store: new MemoryStore(), idel: '1h' })
// @ts-expect-error -- the store is missing
await app.register(session, {})
`,
    },
  },
  {
    name: 'the declarations of every entry, with skipLibCheck off',
    options: { skipLibCheck: false },
    files: { 'app.ts': importsOf(ENTRIES.filter((entry) => entry !== EXPRESS_SESSION && !OF_FRAMEWORKS.includes(entry))) },
  },
  {
    name: 'the declarations of sojourn/express-session, with skipLibCheck off',
    options: { skipLibCheck: false },
    files: { 'app.ts': importsOf([EXPRESS_SESSION]) },
  },
]

function importsOf(entries: readonly string[]): string {
  return entries.map((entry) => `import type {} from '${entry}'\n`).join('')
}

/** The settings of CommonJS projects under which imports of the package compile to `require`. */
const commonJsModules: readonly { readonly name: string; readonly options: object; readonly versions?: readonly string[] }[] = [
  { name: 'nodenext', options: { module: 'nodenext' } },
  { name: 'node20', options: { module: 'node20' } },
  { name: 'commonjs', options: { module: 'commonjs', esModuleInterop: true } },
  {
    name: 'commonjs and moduleResolution node10',
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true, ignoreDeprecations: '6.0' },
    versions: ['6.0'], // the default of 5.9, and removed from 7.0
  },
]

const ALL: readonly Project[] = [...exampleProjects(), ...augmentations, ...others]

describe.each([
  { version: '5.9', typescript: 'typescript59' },
  { version: '6.0', typescript: 'typescript60' },
  { version: '7.0', typescript: 'typescript70' },
])('TypeScript $version', ({ version, typescript }) => {
  describe.each(Object.entries(RESOLUTIONS))('with module resolution %s', (_name, options) => {
    let errors: readonly (readonly string[])[] = []

    beforeAll(async () => {
      errors = await compile(
        typescript,
        ALL.map((project) => ({ ...project, options: { ...options, ...project.options } })),
      )
    })

    it.each(ALL.map(({ name }, index) => ({ name, index })))('$name', ({ index }) => {
      expect(errors[index], Object.values(ALL[index]?.files ?? {}).join('\n')).toEqual([])
    })
  })

  describe('in a CommonJS project', () => {
    const files = {
      'app.ts': `${USE}\n${AUGMENTATION}`,
      'entries.ts': ENTRIES.map((entry, index) => `export * as entry${index} from '${entry}'\n`).join(''),
    }
    const modules = commonJsModules.filter(({ versions }) => versions?.includes(version) ?? true)
    const unsupported = ['node16', 'node18']
    let errors: readonly (readonly string[])[] = []

    beforeAll(async () => {
      const all = [...modules, ...unsupported.map((module) => ({ name: module, options: { module } }))]
      errors = await compile(
        typescript,
        all.map((each) => ({ ...each, type: 'commonjs', files })),
      )
    })

    it.each(modules.map(({ name }, index) => ({ name, index })))('module $name', ({ index }) => {
      expect(errors[index]).toEqual([])
    })

    it.each(unsupported)('module %s is TS1479, because TypeScript assumes a Node without require of ES modules', (module) => {
      const found = errors[modules.length + unsupported.indexOf(module)]
      expect(found).toEqual(expect.arrayContaining([expect.stringContaining('TS1479')]))
    })
  })
})
