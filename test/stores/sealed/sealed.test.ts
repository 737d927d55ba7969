import { describe, expect, it } from 'vitest'
import { CookieStore } from '../../../src/stores/cookie.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'
import { SealedStore } from '../../../src/stores/sealed.ts'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { storeSuite } from '../../../src/testing/store-suite.ts'
import { OLD } from '../../core/attacks/sealed-rows.ts'
import { catchError } from '../../core/fixture.ts'

// The attacks that run on every store are in test/core/attacks/sealed-rows.ts.
storeSuite('SealedStore over memory', () => new SealedStore({ store: new MemoryStore(), secrets: OLD }), { describe, it })
storeSuite('SealedStore over SQLite', () => new SealedStore({ store: new SqliteStore(':memory:'), secrets: OLD }), { describe, it })

describe('the secrets', () => {
  it.each([undefined, '', 'short', 'a'.repeat(40), [OLD, OLD]])('are refused: %j', (secrets) => {
    const error = catchError(() => new SealedStore({ store: new MemoryStore(), secrets: secrets as never }))
    expect([error.code, error.message]).toEqual(['ERR_SESSION_CONFIG', expect.stringContaining('SealedStore')])
    expect(error.message).not.toContain(OLD)
  })
})

it('refuses a store whose token contains the session', () => {
  const store = new CookieStore({ secrets: OLD })
  expect(catchError(() => new SealedStore({ store, secrets: OLD })).code).toBe('ERR_SESSION_CONFIG')
})
