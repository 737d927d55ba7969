import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { findChromium, launch } from './chromium.ts'
import { type RunningShop, startShop } from './shop-server.ts'
import { Visitor } from './visitor.ts'

/** What a browser test has: the running shop, the browser, and a visitor who has just arrived, with a browser profile of their own. */
export interface Stage {
  readonly shop: RunningShop
  readonly browser: Browser
  readonly visitor: Visitor
}

const executable = findChromium()

/** Tests of the shop in a real browser. After each one the browser must not have complained about anything. */
export function onStage(title: string, tests: (stage: Stage) => void): void {
  describe.skipIf(executable === undefined)(title, () => {
    const stage = {} as { -readonly [K in keyof Stage]: Stage[K] }

    beforeAll(async () => {
      stage.shop = await startShop()
      stage.browser = await launch(executable ?? '')
    })
    afterAll(async () => {
      await stage.browser?.close()
      await stage.shop?.stop()
    })

    beforeEach(async () => {
      stage.visitor = await Visitor.arrive(stage.shop, stage.browser)
    })
    afterEach(async () => {
      expect(stage.visitor.complaints).toEqual([])
      await stage.visitor.context.close()
    })

    tests(stage)
  })
}
