import type { Capabilities, Store } from '../core/store/store.ts'
import type { Clauses } from './clauses/clauses.ts'
import { clearExpiredClauses, countExpiredClauses } from './clauses/clear-expired-clauses.ts'
import { listClauses } from './clauses/list-clauses.ts'
import { farClockClauses, instantClauses, loadClauses, textClauses } from './clauses/load-clauses.ts'
import { renameClauses } from './clauses/rename-clauses.ts'
import { revocationClauses, tokenClauses } from './clauses/token-clauses.ts'
import { touchClauses, touchRaceClauses } from './clauses/touch-clauses.ts'
import { userClauses } from './clauses/user-clauses.ts'
import { compareAndSwapClauses } from './clauses/version-clauses.ts'
import { createClauses, deleteClauses, replaceClauses } from './clauses/write-clauses.ts'
import { same } from './same.ts'
import { type SuiteForm, SuiteStore } from './suite-store.ts'

export type { Forgettable, SuiteForm } from './suite-store.ts'

/** The functions of a test runner that the suite calls: those of vitest, `node:test`, `bun:test`, Jest or Deno's `@std/testing/bdd`. */
export interface SuiteRunner {
  /** Defines a group of tests. */
  readonly describe: (name: string, define: () => void) => unknown
  /** Defines a test. It fails when its promise rejects. */
  readonly it: (name: string, test: () => Promise<void>) => unknown
}

/** What the suite has to know of a store that cannot do everything. */
export interface StoreSuiteOptions {
  /** What the store says it can do, where that is not all. What it cannot is not tested. */
  readonly capabilities?: Partial<Capabilities>
  /** `false` for a store without `clearExpired`: its database drops expired rows by itself. */
  readonly clearExpired?: boolean
  /** `false` for a store that has `clearExpired` without `countExpired`. */
  readonly countExpired?: boolean
  /**
   * `false` for a store whose database also drops rows by a clock of its own, as Redis does, or has room for fewer instants than a `Date`:
   * those of the past and the far future are left out. All else plays in the year 2100, where such a clock has no say.
   */
  readonly farClocks?: boolean
  /** How keys and payloads look where that is not the store's own affair, and which fields of an entry it has no room for. */
  readonly form?: SuiteForm
  /** For a store that `carriesData`: whether it remembers which sessions ended. Default `false`. */
  readonly revocation?: boolean
}

/**
 * Tests a store: one test for each clause of the port, see `Store`. For whoever writes one.
 *
 * ```ts
 * import { describe, it } from 'vitest'
 * import { storeSuite } from 'sojourn/testing'
 *
 * storeSuite('MyStore', () => new MyStore(emptyTable()), { describe, it })
 * ```
 *
 * @param makeStore is called once for each test and answers a store that is empty. The test closes it, if it can be closed.
 */
export function storeSuite(
  name: string,
  makeStore: () => Store | Promise<Store>,
  runner: SuiteRunner,
  options: StoreSuiteOptions = {},
): void {
  const make = (): Promise<Store> => formed(makeStore, options)
  runner.describe(`${name} keeps the store port`, () => {
    for (const [verb, clauses] of chapters(options)) {
      if (Object.keys(clauses).length === 0) continue
      runner.describe(verb, () => {
        for (const [clause, check] of Object.entries(clauses)) runner.it(clause, () => onNewStore(make, check))
      })
    }
  })
}

function chapters(options: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  const can: Capabilities = { compareAndSwap: true, list: true, indexes: ['userId'], carriesData: false, ...options.capabilities }
  return [
    ['capabilities', capabilityClauses(can)],
    ...(can.carriesData ? tokenChapters(options) : rowChapters(can, options)),
    ['close', closeClauses],
  ]
}

function tokenChapters({ revocation = false }: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  return [
    ['tokens', tokenClauses],
    ['revocation', revocation ? revocationClauses : {}],
  ]
}

function rowChapters(can: Capabilities, options: StoreSuiteOptions): [verb: string, clauses: Clauses][] {
  return [
    ['load', { ...loadClauses, ...(options.farClocks === false ? {} : farClockClauses) }],
    ['texts and instants', { ...textClauses, ...(options.farClocks === false ? {} : instantClauses) }],
    ['create', createClauses],
    ['replace', { ...replaceClauses, ...(can.compareAndSwap ? compareAndSwapClauses : {}) }],
    ['touch', { ...touchClauses, ...(can.compareAndSwap ? touchRaceClauses : {}) }],
    ['rename', can.renames === true ? renameClauses : {}],
    ['delete', deleteClauses],
    ['list', can.list ? listClauses : {}],
    ['users', can.indexes.includes('userId') ? userClauses : {}],
    ['clearExpired', options.clearExpired === false ? {} : clearExpiredClauses],
    ['countExpired', options.clearExpired === false || options.countExpired === false ? {} : countExpiredClauses],
  ]
}

function capabilityClauses(expected: Capabilities): Clauses {
  return {
    'are those the suite was told': async (store) => same(store.capabilities, expected, 'capabilities'),
    'come with their methods': async (store) => {
      same(
        [typeof store.list, typeof store.deleteByIndex, ...(expected.carriesData ? [typeof store.attach] : [])],
        [kind(expected.list), kind(expected.indexes.length > 0), ...(expected.carriesData ? ['function'] : [])],
        'the types of `list` and `deleteByIndex`, and of `attach` where tokens hold the data',
      )
    },
  }
}

function kind(there: boolean): string {
  return there ? 'function' : 'undefined'
}

const closeClauses: Clauses = {
  'may be called twice': async (store) => {
    await store.close?.()
    await store.close?.()
  },
}

async function formed(makeStore: () => Store | Promise<Store>, { form }: StoreSuiteOptions): Promise<Store> {
  const store = await makeStore()
  return form === undefined ? store : new SuiteStore(store, form)
}

async function onNewStore(makeStore: () => Store | Promise<Store>, check: Clauses[string]): Promise<void> {
  const store = await makeStore()
  try {
    await check(store)
  } finally {
    await store.close?.()
  }
}
