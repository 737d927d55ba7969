import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium, launch } from '../../browser/chromium.ts'
import { DATABASE_MESSAGE, whileWritesFail } from './broken-database.ts'

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

  /** Visits the shop until it shows no message. */
  async visitUntilRead(): Promise<void> {
    const visit = async (): Promise<string> => {
      await this.visit('/')
      return this.#textOf('#notice')
    }
    await expect.poll(visit, POLL).toBe('')
  }

  /** Presses a button; resolves to the status of the request that it sends. */
  async press(name: string): Promise<number> {
    return (await this.#send(name)).status()
  }

  /** Presses a button whose request fails. The page must show so, and not what the database said. */
  async expectRefusal(name: string, status: number): Promise<void> {
    const response = await this.#send(name)
    expect(response.status()).toBe(status)
    const body = await response.text().catch(() => '') // the client of Next cancels it after the error
    await expect.poll(() => this.#textOf('h1'), POLL).not.toMatch(/Shop|Account/)
    expect(`${body} ${await this.page.content()}`).not.toContain(DATABASE_MESSAGE)
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

  /** As `race`, while the page waits for a response, or without JavaScript. Resolves to the statuses. */
  async raceOutside(...steps: readonly string[]): Promise<readonly number[]> {
    const headers = { origin: new URL(this.page.url()).origin, 'sec-fetch-site': 'same-origin' } // as the page would send
    const statuses: number[] = []
    for (const step of steps) statuses.push((await this.context.request.post(`/race/${step}`, { headers })).status())
    return statuses
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

  async #send(name: string): Promise<Response> {
    const [response] = await Promise.all([
      this.page.waitForResponse((response) => response.request().method() === 'POST'),
      this.page.getByRole('button', { name, exact: true }).click(),
    ])
    return response
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
  /** Whether a message that was shown is removed after the response, as in Next. */
  readonly removesMessagesLate?: boolean
  /**
   * The database of its store. Without it, the races and the commits that fail are left out, for
   * another way to start an application that is tested already.
   */
  readonly database?: () => string
  /** The status of a form whose commit failed. Default 503. */
  readonly failureStatus?: number
}

/** Development servers compile while a page waits. */
const TEST_TIMEOUT = 60_000

/** A production build took 40 to 85 s on two cores that other work used too. */
const START_TIMEOUT = 300_000

const chromium = findChromium()

/**
 * What every framework has to do, in Chromium: a cart that survives the login, messages that appear
 * once, a logout after which the account is refused, the two races, and an error page when the
 * database fails. `more` adds tests.
 */
export function shopStories(
  name: string,
  { start, stop, worksWithoutScript = true, database, failureStatus = 503, ...messages }: Stories,
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

    const scripts = worksWithoutScript ? [true, false] : [true]
    it.each(scripts)(
      'keeps the cart through a login, shows a message once, and refuses the account after the logout (JavaScript: %s)',
      (javaScriptEnabled) => open((visitor) => visitShop(visitor, javaScriptEnabled, messages), { javaScriptEnabled }),
    )

    if (database !== undefined) {
      races(open)
      it.each(scripts)(
        'a request whose commit failed is no success, and does not show what the database said (JavaScript: %s)',
        (javaScriptEnabled) => open((visitor) => visitDuringOutage(visitor, database(), failureStatus), { javaScriptEnabled }),
      )
    }

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

async function visitShop(
  visitor: Visitor,
  javaScriptEnabled: boolean,
  { losesMessages = false, removesMessagesLate = false }: Pick<Stories, 'losesMessages' | 'removesMessagesLate'>,
): Promise<void> {
  const notice = (text: string): Shown => (javaScriptEnabled && losesMessages ? {} : { notice: text })
  await visitor.expectShop({ notice: '', user: 'nobody', cart: '' })
  await visitor.press('Add bread')
  await visitor.expectShop({ ...notice('Added.'), cart: 'bread' })
  if (removesMessagesLate) await visitor.visitUntilRead()
  await visitor.visit('/')
  await visitor.expectShop({ notice: '', cart: 'bread' })
  await visitor.logIn('ada')
  await visitor.expectHeading('Account of ada')
  await visitor.expectShop(notice('Welcome back.'))
  if (removesMessagesLate) await visitor.visitUntilRead()
  await visitor.visit('/')
  await visitor.expectShop({ notice: '', user: 'ada', cart: 'bread' })
  await visitor.press('Log out')
  await visitor.expectShop({ user: 'nobody', cart: '' })
  await visitor.visit('/account')
  await visitor.expectHeading('Shop')
}

/** Forms are sent while the database fails. Afterwards the session is as it was before. */
async function visitDuringOutage(visitor: Visitor, database: string, status: number): Promise<void> {
  await visitor.press('Add bread')
  await visitor.expectShop({ cart: 'bread' })
  await visitor.page.getByLabel('Name').fill('ada')
  await whileWritesFail(database, () => visitor.expectRefusal('Log in', status))
  await visitor.visit('/')
  await visitor.expectShop({ user: 'nobody', cart: 'bread' })

  await visitor.logIn('ada')
  await visitor.expectHeading('Account of ada')
  await visitor.visit('/')
  await whileWritesFail(database, async () => {
    expect(await visitor.raceOutside('empty')).toEqual([503])
    await visitor.expectRefusal('Log out', status)
  })
  await visitor.visit('/')
  await visitor.expectShop({ user: 'ada', cart: 'bread' })

  await visitor.press('Log out')
  await visitor.expectShop({ user: 'nobody' })
  await whileWritesFail(database, () => visitor.expectRefusal('Add bread', status))
  await visitor.visit('/')
  await visitor.expectShop({ notice: '', user: 'nobody', cart: '' })
}
