// Runs in the runtime under test: `main.ts <framework> <memory | cookie | a database file>`. Prints
// its port, and serves until the process is ended.
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import { createSessions, type Sessions, type Store } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'
import { cookieStore } from '../cookie-store.ts'

type Fetch = (request: Request, environment?: object) => Response | Promise<Response>
type Framework =
  | { readonly fetchOf: (sessions: Sessions) => Fetch }
  | { readonly serverOf: (sessions: Sessions) => Server | Promise<Server> }

interface Global {
  readonly Bun?: { serve(options: object): { readonly port: number } }
  readonly Deno?: { serve(options: object, fetch: Fetch): { readonly addr: { readonly port: number } } }
}

const [framework = 'web', database = 'memory'] = process.argv.slice(2)
const { Bun, Deno } = globalThis as Global
const onNode = Bun === undefined && Deno === undefined
const server = (await import(`./${framework}${onNode && framework === 'h3' ? '-on-node' : ''}.ts`)) as Framework
const sessions = createSessions({ store: await storeOf(database) })
const { bun, deno, node } = process.versions
console.log(JSON.stringify({ port: await listen(), version: deno ?? bun ?? node }))

async function storeOf(name: string): Promise<Store> {
  if (name === 'memory') return new MemoryStore()
  if (name === 'cookie') return cookieStore()
  const { SqliteStore } = await import('sojourn/stores/sqlite')
  return new SqliteStore(name)
}

async function listen(): Promise<number> {
  const here = { port: 0, hostname: '127.0.0.1' }
  if ('serverOf' in server) return portOf(await server.serverOf(sessions))
  const fetch = server.fetchOf(sessions)
  if (Bun !== undefined) return Bun.serve({ ...here, fetch }).port
  if (Deno !== undefined) return Deno.serve({ ...here, onListen() {} }, fetch).addr.port
  const { createAdaptorServer } = await import('@hono/node-server')
  return portOf(createAdaptorServer({ fetch }) as Server)
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
