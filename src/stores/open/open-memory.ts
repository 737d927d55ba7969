import { ConfigError } from '../../core/base/errors.ts'
import type { Store } from '../../core/store/store.ts'
import type { StoreUrl } from './store-url.ts'

/** `memory:`, `memory:?max=1000` */
export async function openMemory(url: StoreUrl): Promise<Store> {
  const max = url.take('max')
  url.refuseRest(['max'])
  if (url.place !== '')
    throw new ConfigError('The URL of a store in memory is `memory:`, with nothing behind the colon but perhaps `?max=…`.')
  const { MemoryStore } = await import('../memory.ts')
  return new MemoryStore(max === undefined ? {} : { max: Number(max) })
}
