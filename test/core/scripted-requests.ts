import { type World, worldWith } from './fixture.ts'
import { forever, type Script, ScriptedStore } from './scripted-store.ts'

/** Short, for those who wait in vain. */
export const timeout: { readonly operation: '25ms'; readonly request: '120ms' } = { operation: '25ms', request: '120ms' }

export async function scripted(properties: Record<string, unknown>): Promise<{ world: World; store: ScriptedStore }> {
  const world = await worldWith(properties, { timeout }, (memory) => new ScriptedStore(memory))
  const store = world.store as ScriptedStore
  store.calls.length = 0
  return { world, store }
}

export const hangsAfter: Script = async (next) => {
  await next()
  return forever()
}

/** The client library sends twice and hands back the second answer. */
export const resent: Script = async (next) => {
  await next()
  return next()
}
