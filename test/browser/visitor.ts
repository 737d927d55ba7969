import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Row, rowOf } from './row.ts'
import type { RunningShop } from './shop-server.ts'

/** A person with a browser of their own: cookies, tabs, and what the browser complained about. */
export class Visitor {
  readonly #shop: RunningShop
  readonly context: BrowserContext
  readonly page: Page
  /** Script errors and refusals of the Content-Security-Policy. */
  readonly complaints: string[] = []

  private constructor(shop: RunningShop, context: BrowserContext, page: Page) {
    this.#shop = shop
    this.context = context
    this.page = page
    context.on('console', (message) => {
      const expected = message.text().includes('409 (Conflict)')
      if (message.type() === 'error' && !expected) this.complaints.push(message.text())
    })
    context.on('weberror', (error) => this.complaints.push(String(error.error())))
  }

  static async arrive(shop: RunningShop, browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: shop.url, colorScheme: 'light', ...options })
    const visitor = new Visitor(shop, context, await context.newPage())
    await visitor.page.goto('/')
    return visitor
  }

  /** Presses the button of this accessible name, and comes back when the next page is there. */
  async press(name: string, page: Page = this.page): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
  }

  add(product: string): Promise<void> {
    return this.press(`Add to cart: ${product}`)
  }

  async logIn(name: string): Promise<void> {
    await this.page.getByLabel('You are').selectOption({ label: name })
    await this.press('Log in')
  }

  /** Does a bit of everything: there is a cart, a preference and a user. */
  async settle(): Promise<void> {
    await this.add('Enamel mug')
    await this.press('Dark mode')
    await this.logIn('Grace')
  }

  async sid(): Promise<string | undefined> {
    return (await this.context.cookies(this.#shop.url)).find(({ name }) => name === 'sid')?.value
  }

  /** The session's row, or `undefined` when this browser leads to none. */
  async row(): Promise<Row | undefined> {
    const id = await this.sid()
    return id === undefined ? undefined : rowOf(this.#shop.database, id)
  }

  /** The panel shows the row, no more and no less. Answers its properties. */
  async panelIsRow(): Promise<Record<string, string> | undefined> {
    const [shown, row] = [await panelOf(this.page), await this.row()]
    expect(shown).toEqual(row)
    return row?.properties
  }

  async changes(): Promise<string[]> {
    const changed = await this.page.locator('.changes [data-change]').evaluateAll((items) => items.map((each) => each.dataset.change ?? ''))
    return [...changed, (await this.page.locator('.changes').getAttribute('data-id')) ?? '']
  }

  decision(): Promise<string | null> {
    return this.page.locator('.decisions [data-decision]').first().getAttribute('data-decision')
  }
}

async function panelOf(page: Page): Promise<Row | undefined> {
  if ((await page.locator('.facts').count()) === 0) return undefined
  return page.locator('#panel').evaluate((panel) => ({
    version: panel.querySelector<HTMLElement>('[data-fact=version]')?.title ?? '',
    expires: panel.querySelector<HTMLTimeElement>('[data-fact=expires]')?.dateTime ?? '',
    properties: Object.fromEntries(
      [...panel.querySelectorAll<HTMLElement>('[data-property]')].map((each) => [
        each.dataset.property ?? '',
        each.querySelector('dd')?.textContent ?? '',
      ]),
    ),
  }))
}
