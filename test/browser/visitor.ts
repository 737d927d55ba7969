import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import { type Row, rowOf } from './row.ts'
import type { RunningShop } from './shop-server.ts'

/** A user of the shop with a separate browser profile. */
export class Visitor {
  readonly #shop: RunningShop
  readonly context: BrowserContext
  readonly page: Page
  /** Script errors and violations of the Content-Security-Policy. */
  readonly browserErrors: string[] = []

  private constructor(shop: RunningShop, context: BrowserContext, page: Page) {
    this.#shop = shop
    this.context = context
    this.page = page
    context.on('console', (message) => {
      const expected = message.text().includes('409 (Conflict)')
      if (message.type() === 'error' && !expected) this.browserErrors.push(message.text())
    })
    context.on('weberror', (error) => this.browserErrors.push(String(error.error())))
  }

  static async open(shop: RunningShop, browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<Visitor> {
    const context = await browser.newContext({ baseURL: shop.url, colorScheme: 'light', ...options })
    const visitor = new Visitor(shop, context, await context.newPage())
    await visitor.page.goto('/')
    return visitor
  }

  /** Presses the button with this accessible name and waits for the next page. */
  async press(name: string, page: Page = this.page): Promise<void> {
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
  }

  add(product: string): Promise<void> {
    return this.press(`Add to cart: ${product}`)
  }

  async logIn(name: string): Promise<void> {
    await this.page.getByLabel('User').selectOption({ label: name })
    await this.press('Log in')
  }

  /** Creates a session with a cart, a preference and a user. */
  async fillSession(): Promise<void> {
    await this.add('Enamel mug')
    await this.press('Dark mode')
    await this.logIn('Grace')
  }

  async sid(): Promise<string | undefined> {
    return (await this.context.cookies(this.#shop.url)).find(({ name }) => name === 'sid')?.value
  }

  /** Returns the row of the session, or `undefined` without one. */
  async row(): Promise<Row | undefined> {
    const id = await this.sid()
    return id === undefined ? undefined : rowOf(this.#shop.database, id)
  }

  /** Expects that the panel shows exactly the row, and returns the properties that are not reserved. */
  async expectPanelShowsRow(): Promise<Record<string, string> | undefined> {
    const [panel, row] = [await readPanel(this.page), await this.row()]
    expect(panel).toEqual(row)
    return row && Object.fromEntries(Object.entries(row.properties).filter(([name]) => !name.startsWith('_')))
  }

  async changes(): Promise<string[]> {
    const changed = await this.page.locator('.changes [data-change]').evaluateAll((items) => items.map((each) => each.dataset.change ?? ''))
    return [...changed, (await this.page.locator('.changes').getAttribute('data-id')) ?? '']
  }

  lastEvent(): Promise<string | null> {
    return this.page.locator('.events [data-event]').first().getAttribute('data-event')
  }
}

async function readPanel(page: Page): Promise<Row | undefined> {
  if ((await page.locator('.metadata').count()) === 0) return undefined
  return page.locator('#panel').evaluate((panel) => ({
    version: panel.querySelector<HTMLElement>('[data-field=version]')?.title ?? '',
    expires: panel.querySelector<HTMLTimeElement>('[data-field=expires]')?.dateTime ?? '',
    properties: Object.fromEntries(
      [...panel.querySelectorAll<HTMLElement>('[data-property]')].map((each) => [
        each.dataset.property ?? '',
        each.querySelector('dd')?.textContent ?? '',
      ]),
    ),
  }))
}
