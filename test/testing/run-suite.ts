import type { Store } from '../../src/core/store/store.ts'
import { type StoreSuiteOptions, storeSuite } from '../../src/testing/store-suite.ts'

/** Returns the names of the failing tests of the store. */
export async function broken(makeStore: () => Store, options?: StoreSuiteOptions): Promise<string[]> {
  return [...(await run(makeStore, options))].filter(([, message]) => message !== undefined).map(([name]) => name)
}

/** Runs the suite without a test runner. Returns the message of each failed test, and `undefined` for one that passed. */
export async function run(makeStore: () => Store, options?: StoreSuiteOptions): Promise<Map<string, string | undefined>> {
  const tests = new Map<string, () => Promise<void>>()
  let chapter = ''
  const describe = (name: string, define: () => void): void => {
    chapter = name
    define()
  }
  storeSuite('a store', makeStore, { describe, it: (name, test) => tests.set(`${chapter}: ${name}`, test) }, options)
  const results = new Map<string, string | undefined>()
  for (const [name, test] of tests)
    results.set(
      name,
      await test().then(
        () => undefined,
        (error: unknown) => (error as Error).message,
      ),
    )
  return results
}
