// The example of docs/stores.md is where a new store starts, so it must pass the suite that the
// document recommends.
import { stripTypeScriptTypes } from 'node:module'
import { describe, it } from 'vitest'
import type { Store } from '../../src/core/store/store.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'
import { examples } from './examples.ts'

const example = examples().find(({ code }) => code.includes('class MapStore'))
const program = stripTypeScriptTypes(`${example?.code}\nexport { MapStore }`)
const { MapStore } = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(program)}`)) as {
  MapStore: new () => Store
}

const runner = { describe, it }
storeSuite('The store of docs/stores.md', () => new MapStore(), runner, {
  capabilities: { list: false, indexes: [] },
  clearExpired: false,
})
