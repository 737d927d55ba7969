import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../src/core/store/store.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { MemoryStore } from '../../src/stores/memory.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'
import { broken } from './run-suite.ts'

const options = { capabilities: { compareAndSwap: false, list: false, indexes: [], carriesData: true }, revocation: true }

const store = (change: (real: CookieStore) => Partial<Store>) => (): Store => {
  const real = new CookieStore({ secrets: SECRET, maxSize: 12_288, revocation: new MemoryStore() })
  const port: Store = {
    capabilities: real.capabilities,
    attach: (service) => real.attach(service),
    load: (operation) => real.load(operation),
    create: (operation) => real.create(operation),
    replace: (operation) => real.replace(operation),
    touch: () => real.touch(),
    delete: (operation) => real.delete(operation),
  }
  return { ...port, ...change(real) }
}

/** As many libraries do it: base64 of JSON, and nothing to prove it. */
function unsealed(): Store {
  const opened = (token: string): Entry | undefined => {
    try {
      return JSON.parse(decodeURIComponent(escape(atob(token.replaceAll('-', '+').replaceAll('_', '/'))))) as Entry
    } catch {
      return undefined
    }
  }
  const token = (entry: Entry): string =>
    btoa(unescape(encodeURIComponent(JSON.stringify(entry))))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
  return {
    capabilities: options.capabilities,
    attach: () => {
      throw new Error('not here')
    },
    load: async ({ key, now }) => [opened(key)].find((entry) => entry !== undefined && entry.expiresAt > now),
    create: async ({ entry }) => ({ ok: true, token: token(entry) }),
    replace: async ({ entry }) => ({ ok: true, token: token(entry) }),
    touch: async () => false,
    delete: async () => false,
  }
}

const MUTANTS: Record<string, [broken: () => Store, caughtBy: string]> = {
  'store that answers no token': [
    store((real) => ({ create: async ({ key: family, entry }) => ({ ok: (await real.create({ key: family, entry })).ok as true }) })),
    'tokens: create answers a token that leads to the entry as it was created, every field',
  ],
  'store that seals nothing': [unsealed, 'tokens: takes nothing for a token that is none, and never throws at it'],
  'store whose tokens look alike': [unsealed, 'tokens: makes tokens of A-Z a-z 0-9 - _ alone, no two alike'],
  'store that replaces what is no token': [unsealed, 'tokens: takes nothing for a token that is none, and never throws at it'],
  'store with ids of others': [store(() => ({ attach: undefined as never })), 'capabilities: come with their methods'],
  'store that forgets what ended': [
    store(() => ({ delete: async () => true })),
    'revocation: after delete no token of the session leads anywhere, and none is made',
  ],
  'store that looks at a clock of its own': [
    store((real) => ({ load: ({ key: token }) => real.load({ key: token, now: Date.now() }) })),
    'tokens: judges expiry by the given now alone',
  ],
  'store that opens what is cut off': [
    store((real) => ({
      load: async (operation) => (await real.load(operation)) ?? (await real.load({ ...operation, key: operation.key.slice(0, -1) })),
    })),
    'tokens: takes nothing for a token that is none, and never throws at it',
  ],
}

describe('the store suite, of stores whose tokens hold the data', () => {
  it('finds nothing wrong with a sound store', async () => {
    expect(
      await broken(
        store(() => ({})),
        options,
      ),
    ).toEqual([])
  })

  it.each(Object.entries(MUTANTS))('catches a %s', async (_, [makeStore, caughtBy]) => {
    expect(await broken(makeStore, options)).toContain(caughtBy)
  })
})
