import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { typeCheck } from './type-check.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

const FILES = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('src', file))
  .sort()

/** Declarations that every example may use. */
const AMBIENT = `
import { createSessions, type Codec, type Entry, type JarCookieOptions, type Session, type Sessions, type Store } from 'sojourn'
import { addDjangoMessage, deleteDjangoProperty, type DjangoUser, djangoLevels, djangoLogin, djangoLogout, djangoMessages, djangoProperty, djangoSessions, djangoUser, type SessionAuthHash, saltedHmac, updateDjangoAuthHash } from 'sojourn/django'
import { type Admin, createAdmin } from 'sojourn/admin'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { inspector } from 'sojourn/inspector'
import { SojournInstrumentation } from 'sojourn/otel'
import { postgresChannel, redisChannel } from 'sojourn/channels'
import { CachedStore } from 'sojourn/stores/cached'
import { CookieStore } from 'sojourn/stores/cookie'
import { MemoryStore } from 'sojourn/stores/memory'
import { MysqlStore } from 'sojourn/stores/mysql'
import { PostgresStore } from 'sojourn/stores/postgres'
import { RedisStore } from 'sojourn/stores/redis'
import { SqliteStore } from 'sojourn/stores/sqlite'
declare const sessions: Sessions<any>
declare const store: Store
declare const admin: Admin
declare const handle: string
declare const user: { id: number }
declare const remember: boolean
declare const id: string
declare const cookies: { get(name: string): string | undefined; set(name: string, value: string, options: JarCookieOptions): void }
declare const Bun: { serve(options: { fetch(request: Request): Response | Promise<Response> }): void }
declare const connectionString: string
declare const SECRET_KEY: string
declare const Pool: new (options: { connectionString: string }) => import('sojourn/stores/postgres').PgPool
declare const pool: import('sojourn/stores/postgres').PgPool
declare const client: import('sojourn/stores/redis').NodeRedisClient
declare const pg: typeof import('pg')
declare const createPool: (url: string) => import('sojourn/stores/mysql').MysqlPool
declare const postgres: (url: string) => import('sojourn/stores/postgres').PostgresJs
declare const url: string
declare const createClient: typeof import('redis').createClient
declare const Redis: new (url: string) => import('sojourn/stores/redis').IoRedis
declare const Database: new (path: string) => import('sojourn/stores/sqlite').SqliteDatabase
declare function alreadyUsed(): void
declare const usersById: Map<string, DjangoUser>
declare const row: DjangoUser
declare function show(level: number, message: string): void
`

/** Declarations for examples of an adapter: its exports and the application of its framework. */
const OF_ADAPTERS: Readonly<Record<string, string>> = {
  express: `
import express from 'express'
import { requireUser, session } from 'sojourn/express'
declare const app: ReturnType<typeof express>
`,
  fastify: `
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { requireUser, session } from 'sojourn/fastify'
type Handler = (request: Omit<FastifyRequest, 'body'> & { body: any }, reply: FastifyReply) => unknown
declare const app: Omit<FastifyInstance, 'post'> & { post(path: string, handler: Handler): void }
`,
  hono: `
import type { Hono } from 'hono'
import { requireUser, session } from 'sojourn/hono'
declare const app: Hono
`,
  koa: `
import type Koa from 'koa'
import { requireUser, session } from 'sojourn/koa'
declare const app: Koa
declare const router: { post(path: string, handler: (ctx: Koa.Context & { request: { body: any } }) => unknown): void }
`,
  nest: `
import { Module } from '@nestjs/common'
import { getSessionsToken, InjectSessions, SessionModule } from 'sojourn/nest'
import type { PgPool } from 'sojourn/stores/postgres'
`,
  'react-router': `
import { session, sessionStorage } from 'sojourn/react-router'
`,
  sveltekit: `
import { session } from 'sojourn/sveltekit'
`,
  nuxt: `
declare function defineNuxtConfig(config: { modules: string[] }): object
`,
  'nuxt/app': `
import { useUserSession } from 'sojourn/nuxt/app'
`,
  'nuxt/server': `
import { type CreateError, nuxtSessions } from 'sojourn/nuxt/server'
declare const createError: CreateError
`,
  'tanstack-start': `
import { session } from 'sojourn/tanstack-start'
declare function createMiddleware(): { server(middleware: ReturnType<typeof session>): object }
`,
  next: `
import { nextSessions } from 'sojourn/next'
`,
  node: `
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { requireUser, session, type SessionRequest, withSession } from 'sojourn/node'
declare const app: { use(handler: (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => unknown): void }
declare const req: IncomingMessage
`,
  web: `
import { withSession } from 'sojourn/web'
`,
}

/** Declarations for all other examples, which run in an Express handler with a session. */
const OF_THE_REST = `
import express from 'express'
import { session as middleware } from 'sojourn/express'
declare const app: ReturnType<typeof express>
declare const req: express.Request
declare const request: Request
declare const response: Response
declare const report: (error: unknown) => void
`

interface Example {
  readonly where: string
  readonly code: string
}

/** Returns the fenced examples in the doc comments of a source file. */
function examplesOf(file: string): Example[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const plain = comment[0].replace(/^\s*\* ?/gm, '')
    const line = text.slice(0, comment.index).split('\n').length
    return [...plain.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => ({ where: `${file}:${line}`, code }))
  })
}

/** Returns an example as a module, with the imports it lacks. */
function program({ where, code }: Example): string {
  if (/^\s*declare module/m.test(code)) return `import type {} from 'sojourn'\n${code}\nexport {}`
  if (/^\s*import/m.test(code)) return `declare const MyStore: any\ndeclare const emptyTable: () => unknown\n${code}`
  const [, adapter = ''] = /adapters\/([\w-]+(?:\/[\w-]+)?)\.ts/.exec(where) ?? []
  const makesMiddleware = /\bsession\(/.test(code)
  const rest = makesMiddleware
    ? OF_THE_REST.replace('session as middleware', 'session')
    : `${OF_THE_REST}declare const session: Session<any>\n`
  return `${AMBIENT}${OF_ADAPTERS[adapter] ?? rest}\nexport async function example(): Promise<unknown> {\n${code}\nreturn undefined\n}`
}

const EXAMPLES = FILES.flatMap(examplesOf)

describe('examples in doc comments', () => {
  it('are found', () => {
    expect(EXAMPLES.length).toBeGreaterThan(10)
  })

  it('type-check', { timeout: 120_000 }, async () => {
    const alone = EXAMPLES.filter(({ code }) => code.includes('declare module'))
    const together = EXAMPLES.filter(({ code }) => !code.includes('declare module'))
    const files = Object.fromEntries(together.map((example, index) => [`example-${index}.ts`, program(example)]))
    const errors = [
      await typeCheck(files),
      ...(await Promise.all(alone.map((example) => typeCheck({ 'example-alone.ts': program(example) })))),
    ].flat()
    const located = errors.map((error) => {
      const [, index] = /example-(\d+)\.ts/.exec(error) ?? []
      return index === undefined ? error : `${together[Number(index)]?.where}: ${error}`
    })
    expect(located).toEqual([])
  })
})
