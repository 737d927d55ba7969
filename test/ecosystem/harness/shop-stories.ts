import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, launch } from '../../browser/chromium.ts'

/** Development servers compile a page when it is first requested. */
const POLL = { timeout: 10_000 }

/** The texts of elements by their ids. All starters have `notice`, `user` and `cart`. */
type Shown = Readonly<Record<string, string>>

/** A visitor with a separate browser profile. */
export class Visitor {
  readonly page: Page
  readonly context: BrowserContext

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
  }

  static async open(browser: Browser, origin: string, options: { readonly javaScriptEnabled?: boolean } = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: origin, ...options })
    context.setDefaultTimeout(15_000)
    const visitor = new Visitor(context, await context.newPage())
    await visitor.visit('/')
    return visitor
  }

  async visit(path: string): Promise<void> {
    await this.page.goto(path, { waitUntil: 'load' })
  }

  /** Presses a button; resolves to the status of the request that it sends. */
  async press(name: string): Promise<number> {
    const [response] = await Promise.all([
      this.page.waitForResponse((response) => response.request().method() === 'POST'),
      this.page.getByRole('button', { name, exact: true }).click(),
    ])
    return response.status()
  }

  async logIn(name: string): Promise<void> {
    await this.page.getByLabel('Name').fill(name)
    await this.press('Log in')
  }

  async expectShop(shown: Shown): Promise<void> {
    for (const [id, text] of Object.entries(shown)) await expect.poll(() => this.#textOf(`#${id}`), POLL).toBe(text)
  }

  async expectHeading(text: string): Promise<void> {
    await expect.poll(() => this.#textOf('h1'), POLL).toBe(text)
  }

  /** The text of the element that is displayed. Next keeps pages that were left, hidden. */
  #textOf(selector: string): Promise<string> {
    return this.page.locator(selector).evaluateAll((elements) =>
      elements
        .filter((each) => (each as HTMLElement).offsetParent !== null)
        .map(({ textContent }) => textContent)
        .join('|'),
    )
  }

  /** Sends a request of a race from the page; resolves to its status and body. */
  race(step: string): Promise<readonly [number, string]> {
    return this.page.evaluate(async (path) => {
      const response = await fetch(path, { method: 'POST' })
      return [response.status, await response.text()] as const
    }, `/race/${step}`)
  }

  /** As `race`, while the page waits for a response. */
  async raceOutside(...steps: readonly string[]): Promise<void> {
    const headers = { origin: new URL(this.page.url()).origin, 'sec-fetch-site': 'same-origin' } // as the page would send
    for (const step of steps) await this.context.request.post(`/race/${step}`, { headers })
  }

  /** Presses the slow button of /lab, and logs out while it waits; resolves to the status of its response. */
  async pressDuringLogout(): Promise<number> {
    await this.press('Add bread')
    await this.expectShop({ cart: 'bread' })
    await this.visit('/lab')
    const pressed = this.press('Slow')
    await this.raceOutside('arrived', 'logout', 'open')
    return pressed
  }

  async close(): Promise<void> {
    await this.context.close()
  }
}

export interface Stories {
  /** Starts the application; resolves to its origin. */
  readonly start: () => Promise<string>
  readonly stop: () => Promise<void>
  /** Whether its forms work without JavaScript. Default `true`. */
  readonly worksWithoutScript?: boolean
  /**
   * Whether messages get lost with JavaScript: Next 15 renders a page three times after an action that
   * sets a cookie and redirects.
   */
  readonly losesMessages?: boolean
  /** Whether the races are left out, for another way to start an application that is tested already. */
  readonly isBrief?: boolean
}

/** Development servers compile while a page waits. */
const TEST_TIMEOUT = 60_000

/** A production build took 40 to 85 s on two cores that other work used too. */
const START_TIMEOUT = 300_000

const chromium = findChromium()

/**
 * What every framework has to do, in Chromium: a cart that survives the login, messages that appear
 * once, a logout after which the account is refused, and the two races. `more` adds tests.
 */
export function shopStories(
  name: string,
  { start, stop, worksWithoutScript = true, losesMessages = false, isBrief = false }: Stories,
  more?: (shop: Opened) => void,
): void {
  describe.skipIf(chromium === undefined)(name, { timeout: TEST_TIMEOUT }, () => {
    let browser: Browser
    let origin: string
    beforeAll(async () => {
      ;[origin, browser] = await Promise.all([start(), launch(chromium as string)])
    }, START_TIMEOUT)
    afterAll(async () => {
      await browser?.close()
      await stop()
    })
    const open: Opened['open'] = async (act, options) => {
      const visitor = await Visitor.open(browser, origin, options)
      try {
        await act(visitor)
      } finally {
        await visitor.close()
      }
    }

    it.each(worksWithoutScript ? [true, false] : [true])(
      'keeps the cart through a login, shows a message once, and refuses the account after the logout (JavaScript: %s)',
      (javaScriptEnabled) => open((visitor) => visitShop(visitor, javaScriptEnabled && losesMessages), { javaScriptEnabled }),
    )

    if (!isBrief) races(open)

    more?.({ open, origin: () => origin })
  })
}

/** Two requests of one visitor at the same time. */
function races(open: Opened['open']): void {
  it('a deletion stays deleted when a slow request overlaps with it', () =>
    open(async (visitor) => {
      await visitor.press('Add bread')
      await visitor.expectShop({ cart: 'bread' })
      const slow = visitor.race('slow')
      await visitor.race('arrived')
      expect(await visitor.race('empty')).toEqual([200, 'empty'])
      await visitor.race('open')
      expect(await slow).toEqual([200, 'visit 1'])
      expect(await visitor.race('cart')).toEqual([200, '[]'])
    }))

  it('a request whose session ended while it was running is refused, and does not restore it', () =>
    open(async (visitor) => {
      await visitor.press('Add bread')
      await visitor.expectShop({ cart: 'bread' })
      const slow = visitor.race('slow')
      await visitor.race('arrived')
      expect(await visitor.race('logout')).toEqual([200, 'logged out'])
      await visitor.race('open')
      expect((await slow)[0]).toBe(409)
      await visitor.visit('/')
      await visitor.expectShop({ cart: '', user: 'nobody' })
    }))
}

/** For tests of one framework. */
export interface Opened {
  open(act: (visitor: Visitor) => Promise<void>, options?: { readonly javaScriptEnabled?: boolean }): Promise<void>
  origin(): string
}

async function visitShop(visitor: Visitor, losesMessages: boolean): Promise<void> {
  const notice = (text: string): Shown => (losesMessages ? {} : { notice: text })
  await visitor.expectShop({ notice: '', user: 'nobody', cart: '' })
  await visitor.press('Add bread')
  await visitor.expectShop({ ...notice('Added.'), cart: 'bread' })
  await visitor.visit('/')
  await visitor.expectShop({ notice: '', cart: 'bread' })
  await visitor.logIn('ada')
  await visitor.expectHeading('Account of ada')
  await visitor.expectShop(notice('Welcome back.'))
  await visitor.visit('/')
  await visitor.expectShop({ notice: '', user: 'ada', cart: 'bread' })
  await visitor.press('Log out')
  await visitor.expectShop({ user: 'nobody', cart: '' })
  await visitor.visit('/account')
  await visitor.expectHeading('Shop')
}
