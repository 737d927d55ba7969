import { appWith, type TestApp } from './fixture.ts'
import { neverSettles, type Script, ScriptedStore } from './scripted-store.ts'

/** Short, because some tests wait until a timeout has passed. */
export const TIMEOUT: { readonly operation: '25ms'; readonly request: '120ms' } = { operation: '25ms', request: '120ms' }

export async function createScriptedApp(properties: Record<string, unknown>): Promise<{ app: TestApp; store: ScriptedStore }> {
  const app = await appWith(properties, { timeout: TIMEOUT }, (memory) => new ScriptedStore(memory))
  const store = app.store as ScriptedStore
  store.calls.length = 0
  return { app, store }
}

export const hangAfterEffect: Script = async (next) => {
  await next()
  return neverSettles()
}

/** The client library sends the operation twice and returns the second result. */
export const sendTwice: Script = async (next) => {
  await next()
  return next()
}
