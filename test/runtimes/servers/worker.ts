// The entry point for workerd, like main.ts for the other runtimes. The environment names the
// framework.
import { createSessions, type Refused, type Replace, type Sessions, type Written } from 'sojourn'
import { MemoryStore } from 'sojourn/stores/memory'
import { cookieStore } from '../cookie-store.ts'
import { fetchOf as h3 } from './h3.ts'
import { fetchOf as hono } from './hono.ts'
import { fetchOf as web } from './web.ts'

type Environment = { readonly FRAMEWORK: 'web' | 'hono' | 'h3'; readonly STORE: 'memory' | 'cookie' }

/** A write is I/O, like that of a database; in workerd no other request may wait for it. */
class RemoteStore extends MemoryStore {
  override async replace(operation: Replace): Promise<Written | Refused> {
    await new Promise((resolve) => setTimeout(resolve, 1))
    return super.replace(operation)
  }
}

// Created once, when the worker is loaded, as an application would do.
const sessions: Sessions = createSessions({ store: new RemoteStore() })
const sealed: Sessions = createSessions({ store: cookieStore() })
const frameworks = { web: web(sessions), hono: hono(sessions), h3: h3(sessions) }
const overCookies = web(sealed)

export default {
  async fetch(request: Request, { FRAMEWORK, STORE }: Environment): Promise<Response> {
    return STORE === 'cookie' ? overCookies(request) : frameworks[FRAMEWORK](request)
  },
}
