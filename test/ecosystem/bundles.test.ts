import { mkdtemp, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { build } from 'rolldown'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Sessions, Store, StoreError } from '../../src/index.ts'
import { browse } from './harness/serve.ts'

interface ServerBundle {
  makeApp(): RequestListener
  makeManager(): Sessions
}

interface Shop {
  readonly sessions: Sessions
  readonly store: Store
  readonly StoreError: typeof StoreError
}

const folder = join(import.meta.dirname, 'bundles')
let bundle: ServerBundle
let shop: Shop

/**
 * Bundles a file with everything it imports but Express, with short names of classes and functions.
 * The code of watches, which is loaded at their first use, is part of the bundle.
 */
async function bundled<Exports>(file: string, output: string): Promise<Exports> {
  await build({
    input: join(folder, file),
    platform: 'node',
    external: ['express'],
    output: { file: join(output, file), minify: true, codeSplitting: false },
    logLevel: 'silent',
  })
  return (await import(/* @vite-ignore */ join(output, file))) as Exports
}

beforeAll(async () => {
  const output = await mkdtemp(join(folder, 'node_modules/.bundles-'))
  try {
    await bundled('sessions.js', output)
    bundle = await bundled<ServerBundle>('server.js', output)
  } finally {
    await rm(output, { recursive: true })
  }
  ;({ shop } = globalThis as unknown as { readonly shop: Shop })
})

describe('a manager of another bundle', () => {
  it('serves the routes of this one', async () => {
    const browser = await browse(bundle.makeApp())
    await browser.post('/cart/bread')
    expect((await browser.get('/')).body).toBe('["bread"]')
  })

  it('throws errors that are instances of the classes of this one', async () => {
    const browser = await browse(bundle.makeApp())
    await browser.post('/cart/bread')
    const page = await browser.post('/slow')
    expect([page.status, page.body]).toEqual([409, '{"kind":"ended","code":"ERR_SESSION_ENDED"}'])
  })

  it('shares its store: closing one manager leaves the store open', async () => {
    const manager = bundle.makeManager()
    const session = manager.create()
    session.set('cart', ['milk'])
    await session.save()
    await manager.close()
    expect((await shop.sessions.load(session.id ?? '')).get('cart')).toEqual(['milk'])
  })
})
