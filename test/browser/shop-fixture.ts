import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { findChromium, launch } from './chromium.ts'
import { type RunningShop, startShop } from './shop-server.ts'
import { Visitor } from './visitor.ts'

/** The running shop, the browser, and a visitor with a new browser profile on the home page. */
export interface ShopFixture {
  readonly shop: RunningShop
  readonly browser: Browser
  readonly visitor: Visitor
}

const executable = findChromium()

/** Runs tests of the shop in a browser. Each fails if the browser reported an error. */
export function describeShop(title: string, tests: (fixture: ShopFixture) => void): void {
  describe.skipIf(executable === undefined)(title, () => {
    const fixture = {} as { -readonly [K in keyof ShopFixture]: ShopFixture[K] }

    beforeAll(async () => {
      fixture.shop = await startShop()
      fixture.browser = await launch(executable ?? '')
    })
    afterAll(async () => {
      await fixture.browser?.close()
      await fixture.shop?.stop()
    })

    beforeEach(async () => {
      fixture.visitor = await Visitor.open(fixture.shop, fixture.browser)
    })
    afterEach(async () => {
      expect(fixture.visitor.browserErrors).toEqual([])
      await fixture.visitor.context.close()
    })

    tests(fixture)
  })
}
