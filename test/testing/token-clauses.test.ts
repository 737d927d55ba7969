import { describe, expect, it } from 'vitest'
import type { Entry, Store } from '../../src/core/store/store.ts'
import { CookieStore } from '../../src/stores/cookie.ts'
import { SECRET } from '../stores/cookie/cookie-secret.ts'
import { revocationRows } from '../stores/cookie/revocation-rows.ts'
import { broken } from './run-suite.ts'

const options = { capabilities: { compareAndSwap: false, list: false, indexes: [], carriesData: true }, revocation: true }

const store = (change: (real: CookieStore) => Partial<Store>) => (): Store => {
  const real = new CookieStore({ secrets: SECRET, maxSize: 12_288, revocation: revocationRows() })
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

/** A store without authentication, as in many libraries: its tokens are base64 of JSON. */
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
  'store that returns no token': [
    store((real) => ({ create: async ({ key: family, entry }) => ({ ok: (await real.create({ key: family, entry })).ok as true }) })),
    'tokens: create returns a token that loads the entry as it was created, every field',
  ],
  'store that seals nothing': [unsealed, 'tokens: treats an invalid token as no session, and never throws'],
  'store with equal tokens': [unsealed, 'tokens: makes tokens of A-Z a-z 0-9 - _ only, and no two equal ones'],
  'store that replaces an invalid token': [unsealed, 'tokens: treats an invalid token as no session, and never throws'],
  'store without attach': [store(() => ({ attach: undefined as never })), 'capabilities: have their methods'],
  'store that does not remember ended sessions': [
    store(() => ({ delete: async () => true })),
    'revocation: after delete no token of the session loads an entry, and replace makes none',
  ],
  'store that uses its own clock': [
    store((real) => ({ load: ({ key: token }) => real.load({ key: token, now: Date.now() }) })),
    'tokens: judges expiry only by the given now',
  ],
  'store that accepts truncated tokens': [
    store((real) => ({
      load: async (operation) => (await real.load(operation)) ?? (await real.load({ ...operation, key: operation.key.slice(0, -1) })),
    })),
    'tokens: treats an invalid token as no session, and never throws',
  ],
}

describe('the store suite for stores whose tokens hold the data', () => {
  it('passes a correct store', async () => {
    expect(
      await broken(
        store(() => ({})),
        options,
      ),
    ).toEqual([])
  })

  it.each(Object.entries(MUTANTS))('detects a %s', async (_, [makeStore, caughtBy]) => {
    expect(await broken(makeStore, options)).toContain(caughtBy)
  })
})
