import type { Capabilities, Store } from '../core/store/store.ts'
import { assertEqual } from './assert-equal.ts'
import type { Clauses } from './clauses/clauses.ts'
import { clearExpiredClauses, countExpiredClauses } from './clauses/clear-expired-clauses.ts'
import { listClauses } from './clauses/list-clauses.ts'
import { farClockClauses, loadClauses, textClauses, timeClauses } from './clauses/load-clauses.ts'
import { newKeyClauses } from './clauses/new-key-clauses.ts'
import { revocationClauses, tokenClauses } from './clauses/token-clauses.ts'
import { tombstoneClauses } from './clauses/tombstone-clauses.ts'
import { touchClauses, touchRaceClauses } from './clauses/touch-clauses.ts'
import { userClauses } from './clauses/user-clauses.ts'
import { compareAndSwapClauses } from './clauses/version-clauses.ts'
import { createClauses, deleteClauses, replaceClauses } from './clauses/write-clauses.ts'
import { type SuiteFormat, SuiteStore } from './suite-store.ts'

export type { OptionalField, SuiteFormat } from './suite-store.ts'

/**
 * The functions of a test runner that the suite calls: those of vitest, `node:test`, `bun:test`,
 * Jest or Deno's `@std/testing/bdd`.
 */
export interface SuiteRunner {
  /** Defines a group of tests. */
  readonly describe: (name: string, define: () => void) => unknown
  /** Defines a test. It fails when its promise rejects. */
  readonly it: (name: string, test: () => Promise<void>) => unknown
}

/** Options of `storeSuite`, for a store that does not support everything. */
export interface StoreSuiteOptions {
  /** Overrides of the default capabilities. Tests of missing capabilities are skipped. */
  readonly capabilities?: Partial<Capabilities>
  /**
   * `false` for a store without `clearExpired`, because its database deletes expired rows itself.
   */
  readonly clearExpired?: boolean
  /** `false` for a store that has `clearExpired` without `countExpired`. */
  readonly countExpired?: boolean
  /**
   * `false` for a store whose database also deletes rows by the clock of its server, as Redis does,
   * or whose range of times is smaller than that of a `Date`. Times in the past and the far future
   * are then not tested. All other clauses use times in the year 2100, at which such a clock
   * deletes nothing.
   */
  readonly farClocks?: boolean
  /**
   * The format of keys and payloads, if the store requires one, and the fields of an entry that it
   * does not store.
   */
  readonly format?: SuiteFormat
  /**
   * For a store that `carriesData`: whether it stores which sessions have ended. Default `false`.
   */
  readonly revocation?: boolean
}

/**
 * Defines the tests of a store: one for each clause of the port (see `Store`).
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * import { storeSuite } from 'sojourn/testing'
 *
 * storeSuite('MyStore', () => new MyStore(emptyTable()), { describe, it })
 * ```
 *
 * @param makeStore is called once for each test and returns an empty store. The test closes it.
 */
export function storeSuite(
  name: string,
  makeStore: () => Store | Promise<Store>,
  runner: SuiteRunner,
  options: StoreSuiteOptions = {},
): void {
  const make = (): Promise<Store> => makeSuiteStore(makeStore, options)
  runner.describe(`${name} keeps the store port`, () => {
    for (const [verb, clauses] of groups(options)) {
      if (Object.keys(clauses).length === 0) continue
      runner.describe(verb, () => {
        for (const [clause, check] of Object.entries(clauses)) runner.it(clause, () => withStore(make, check))
      })
    }
  })
}

function groups(options: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  const can: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false, ...options.capabilities }
  return [
    ['capabilities', capabilityClauses(can)],
    ...(can.carriesData ? tokenGroups(options) : rowGroups(can, options)),
    ['close', closeClauses],
  ]
}

function tokenGroups({ revocation = false }: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  return [
    ['tokens', tokenClauses],
    ['revocation', revocation ? revocationClauses : {}],
  ]
}

function rowGroups(can: Capabilities, options: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  return [
    ['load', { ...loadClauses, ...(options.farClocks === false ? {} : farClockClauses) }],
    ['texts and times', { ...textClauses, ...(options.farClocks === false ? {} : timeClauses) }],
    ['create', createClauses],
    ['replace', { ...replaceClauses, ...(can.compareAndSwap ? compareAndSwapClauses : {}) }],
    ['touch', { ...touchClauses, ...(can.compareAndSwap ? touchRaceClauses : {}) }],
    ['replace with newKey', can.renames === true ? newKeyClauses : {}],
    ['delete', deleteClauses],
    ['list', can.list ? listClauses : {}],
    ['users', can.indexes.includes('userId') ? userClauses : {}],
    ['tombstones', can.indexes.includes('userId') && can.list ? tombstoneClauses : {}],
    ['clearExpired', options.clearExpired === false ? {} : clearExpiredClauses],
    ['countExpired', options.clearExpired === false || options.countExpired === false ? {} : countExpiredClauses],
  ]
}

function capabilityClauses(expected: Capabilities): Clauses {
  return {
    'are those of the suite options': async ({ capabilities }) => {
      const { evicts, caches } = capabilities // not tested, because no clause fills a store or waits for a cache
      const untested = { ...(evicts !== undefined && { evicts }), ...(caches !== undefined && { caches }) }
      assertEqual(capabilities, { ...expected, ...untested }, 'capabilities')
    },
    'have their methods': async (store) => {
      assertEqual(
        [typeof store.list, typeof store.deleteByIndex, ...(expected.carriesData ? [typeof store.attach] : [])],
        [typeOf(expected.list), typeOf(expected.indexes.length > 0), ...(expected.carriesData ? ['function'] : [])],
        'the types of `list` and `deleteByIndex`, and of `attach` where tokens hold the data',
      )
    },
  }
}

function typeOf(there: boolean): string {
  return there ? 'function' : 'undefined'
}

const closeClauses: Clauses = {
  'can be called twice': async (store) => {
    await store.close?.()
    await store.close?.()
  },
}

async function makeSuiteStore(makeStore: () => Store | Promise<Store>, { format }: StoreSuiteOptions): Promise<Store> {
  const store = await makeStore()
  return format === undefined ? store : new SuiteStore(store, format)
}

async function withStore(makeStore: () => Store | Promise<Store>, check: Clauses[string]): Promise<void> {
  const store = await makeStore()
  try {
    await check(store)
  } finally {
    await store.close?.()
  }
}
