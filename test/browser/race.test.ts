import type { Locator } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { onStage } from './shop-fixture.ts'

onStage('the Race', (stage) => {
  test('is linked from the first screen; one button runs both races and says what came of them', async () => {
    const { page } = stage.visitor
    await page.getByRole('link', { name: 'See the Race' }).click()
    const start = page.getByRole('button', { name: 'Start the race' })
    await start.and(page.locator(':enabled')).waitFor()
    await start.press('Enter')
    await page.getByRole('button', { name: 'Race again' }).waitFor()
    expect(await sentences(page.locator('#race-cart'))).toEqual(['express-session: your cart came back.', 'sojourn: it stayed deleted.'])
    expect(await sentences(page.locator('#race-logout'))).toEqual([
      'express-session: you are logged in again.',
      'sojourn: you stayed logged out.',
    ])
    for (const lane of await page.locator('.lane').all()) await expectOverlap(lane)
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  })

  test('shows that the slow request keeps its own change, and is told when the session has ended', async () => {
    const { page } = stage.visitor
    await page.goto('/race')
    await page.getByRole('button', { name: 'Start the race' }).click()
    await page.getByRole('button', { name: 'Race again' }).waitFor()
    const told = (race: string) => page.locator(`#race-${race} [data-contender=sojourn] .told`).textContent()
    expect(await told('cart')).toBe('The slow request’s own change, lastSeen, is there.')
    expect(await told('logout')).toBe('The slow request was told: 409, its session has ended. Nothing was saved.')
  })

  test('runs again, and leaves the shopping alone', async () => {
    const { visitor } = stage
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
    { contender: 'sojourn', afterEmptying: /^No cart$/, afterLogout: /^Nobody is logged in$/ },
  ])('by hand, in two tabs, with $contender', ({ contender, afterEmptying, afterLogout }) => {
    const meet = async (removal: 'Empty the cart' | 'Log out') => {
      const { visitor } = stage
      const first = visitor.page
      await first.goto('/race')
      await first.locator('#two-tabs').getByRole('link', { name: contender, exact: true }).click()
      await visitor.press('Fill the cart and log in', first)
      const [second] = await Promise.all([
        visitor.context.waitForEvent('page'),
        first.getByRole('link', { name: 'Open this page in a second tab' }).click(),
      ])
      await second.waitForLoadState()
      const begun = first.waitForRequest(/\/slow/)
      const answered = first.waitForResponse((response) => response.request().isNavigationRequest() && response.status() !== 303)
      const clicked = first.getByRole('button', { name: 'Slow request' }).click()
      await begun
      await visitor.press(removal, second)
      const [answer] = await Promise.all([answered, clicked])
      await Promise.all([second.waitForEvent('load'), second.getByRole('link', { name: 'Look again' }).click()])
      return { second, answer }
    }

    test('the emptied cart', async () => {
      const { second } = await meet('Empty the cart')
      expect(await held(second.locator('body'), 'cart')).toMatch(afterEmptying)
      expect(await held(second.locator('body'), 'lastSeen')).toMatch(/^\d{4}-/)
    })

    test('the logout', async () => {
      const { second, answer } = await meet('Log out')
      expect(await held(second.locator('body'), 'userId')).toMatch(afterLogout)
      expect(answer.status()).toBe(contender === 'sojourn' ? 409 : 200)
    })
  })
})

const sentences = (race: Locator): Promise<string[]> => race.locator('.verdict > span').allTextContents()

const held = (page: Locator, name: string): Promise<string | null> => page.locator(`[data-held=${name}] dd`).textContent()

/** The bars are drawn where the calls were: the deletion within the slow request. */
async function expectOverlap(lane: Locator): Promise<void> {
  const [slow, removal] = await Promise.all(['slow', 'removal'].map((call) => lane.locator(`[data-call=${call}] .bar`).boundingBox()))
  if (!slow || !removal) throw new Error('A bar was not drawn')
  expect(slow.x).toBeLessThan(removal.x)
  expect(removal.x + removal.width).toBeLessThan(slow.x + slow.width)
}
