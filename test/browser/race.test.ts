import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { describeShop } from './shop-fixture.ts'

describeShop('the race', (fixture) => {
  test('is linked from the home page, and one button runs both races', async () => {
    const { page } = fixture.visitor
    await page.getByRole('link', { name: 'See the race' }).click()
    const start = page.getByRole('button', { name: 'Start the race' })
    await start.and(page.locator(':enabled')).waitFor()
    await start.press('Enter')
    await page.getByRole('button', { name: 'Race again' }).waitFor()
    expect(await sentences(page.locator('#race-cart'))).toEqual(['express-session: your cart came back.', 'sojourn: it stayed deleted.'])
    expect(await sentences(page.locator('#race-logout'))).toEqual([
      'express-session: you are logged in again.',
      'sojourn: you stayed logged out.',
    ])
    for (const card of await page.locator('.contender').all()) await expectOverlap(card)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  })

  test('shows whether the change of the slow request was saved, and its status if the session has ended', async () => {
    const { page } = fixture.visitor
    await page.goto('/race')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByRole('button', { name: 'Race again' }).waitFor()
    const outcome = (race: string) => page.locator(`#race-${race} [data-contender=sojourn] .outcome`).textContent()
    expect(await outcome('cart')).toBe('The change of the slow request, lastSeen, is saved.')
    expect(await outcome('logout')).toBe('The slow request received status 409: its session has ended. Nothing was saved.')
  })

  test('can be repeated, and does not change the session of the shop', async () => {
    const { visitor } = fixture
    const { page } = visitor
    await visitor.press('Add to cart: Enamel mug')
    const before = await visitor.row()
    await page.goto('/race')
    for (const name of ['Start the race', 'Race again']) {
      await page.getByRole('button', { name, exact: true }).click()
      await page.locator('#race-logout[data-state=running]').waitFor()
      await page.getByRole('button', { name: 'Race again' }).and(page.locator(':enabled')).waitFor()
      expect(await sentences(page.locator('#race-cart'))).toContain('sojourn: it stayed deleted.')
    }
    expect(await visitor.row()).toEqual(before)
  })

  describe.each([
    { contender: 'express-session', afterEmptying: /1 × Enamel mug/, afterLogout: /^Ada$/ },
    { contender: 'sojourn', afterEmptying: /^No cart$/, afterLogout: /^No user$/ },
  ])('in two tabs with $contender', ({ contender, afterEmptying, afterLogout }) => {
    const runInTwoTabs = async (removal: 'Empty the cart' | 'Log out') => {
      const { visitor } = fixture
      const first = visitor.page
      await first.goto('/race')
      await first.locator('#two-tabs').getByRole('link', { name: contender, exact: true }).click()
      await visitor.press('Fill the cart and log in', first)
      const [second] = await Promise.all([
        visitor.context.waitForEvent('page'),
        first.getByRole('link', { name: 'Open this page in a second tab' }).click(),
      ])
      await second.waitForLoadState()
      const started = first.waitForRequest(/\/slow/)
      const responded = first.waitForResponse((response) => response.request().isNavigationRequest() && response.status() !== 303)
      const clicked = first.getByRole('button', { name: 'Slow request' }).click()
      await started
      await visitor.press(removal, second)
      const [response] = await Promise.all([responded, clicked])
      await Promise.all([second.waitForEvent('load'), second.getByRole('link', { name: 'Reload' }).click()])
      return { second, response }
    }

    test('the deleted cart', async () => {
      const { second } = await runInTwoTabs('Empty the cart')
      expect(await storedText(second.locator('body'), 'cart')).toMatch(afterEmptying)
      expect(await storedText(second.locator('body'), 'lastSeen')).toMatch(/^\d{4}-/)
    })

    test('the logout', async () => {
      const { second, response } = await runInTwoTabs('Log out')
      expect(await storedText(second.locator('body'), 'userId')).toMatch(afterLogout)
      expect(response.status()).toBe(contender === 'sojourn' ? 409 : 200)
    })
  })
})

const sentences = (race: Locator): Promise<string[]> => race.locator('.verdict > span').allTextContents()

const storedText = (page: Locator, name: string): Promise<string | null> => page.locator(`[data-property=${name}] dd`).textContent()

/** Expects that the bar of the deletion lies within that of the slow request. */
async function expectOverlap(card: Locator): Promise<void> {
  const [slow, removal] = await Promise.all(
    ['slow', 'removal'].map((request) => card.locator(`[data-request=${request}] .bar`).boundingBox()),
  )
  if (!slow || !removal) throw new Error('A bar was not drawn')
  expect(slow.x).toBeLessThan(removal.x)
  expect(removal.x + removal.width).toBeLessThan(slow.x + slow.width)
}
