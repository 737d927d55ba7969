import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Browser } from '../../stories/harness/browser.ts'

/** The folder of the applications. */
const ROOT = join(import.meta.dirname, '..')

/** Loads a CommonJS module of an application, or a package of it, with Node's own `require`. */
export function requireFrom<Exports>(application: string, module: string): Exports {
  return createRequire(join(ROOT, application, 'index.cjs'))(module) as Exports
}

/** Imports a module of an application. */
export async function importFrom<Exports>(application: string, module: string): Promise<Exports> {
  return (await import(/* @vite-ignore */ join(ROOT, application, module))) as Exports
}

/** Serves until the test is finished; resolves to the port. */
export async function serve(application: RequestListener | Server): Promise<number> {
  const server = typeof application === 'function' ? createServer(application) : application
  return listen(server, () => server.closeAllConnections())
}

/** As `serve`, over HTTP/2 without TLS. */
export async function serveHttp2(application: (...exchange: never[]) => unknown): Promise<number> {
  const server = createHttp2Server(application as never)
  return listen(server as never, () => undefined)
}

async function listen(server: Server, closeConnections: () => void): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    closeConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** A browser of a served application. */
export async function browse(application: RequestListener | Server): Promise<Browser> {
  return new Browser(await serve(application))
}
