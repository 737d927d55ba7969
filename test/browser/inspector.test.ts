import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { handleOf } from './row.ts'
import { describeShop } from './shop-fixture.ts'
import { Visitor } from './visitor.ts'

/** Everything that axe finds on a page, as texts. The source is evaluated outside of the page's policy. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const results = await page.evaluate(() => (globalThis as unknown as { readonly axe: typeof axe }).axe.run())
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

describeShop('the inspector', (fixture) => {
  /** Logs in as the operator, who has a cart, and opens the inspector. */
  async function openInspector(): Promise<Page> {
    const { visitor } = fixture
    await visitor.add('Enamel mug')
    await visitor.logIn('Ada')
    await Promise.all([visitor.page.waitForEvent('load'), visitor.page.getByRole('link', { name: 'Inspector' }).click()])
    return visitor.page
  }

  const follow = (page: Page, name: string | RegExp): Promise<unknown> =>
    Promise.all([page.waitForEvent('load'), page.getByRole('link', { name }).first().click()])

  const press = (page: Page, name: string): Promise<unknown> =>
    Promise.all([page.waitForEvent('load'), page.getByRole('button', { name }).click()])

  /** A visitor with a session. Resolves to them and to the handle of the session. */
  async function openGuest(): Promise<{ readonly guest: Visitor; readonly handle: string }> {
    const guest = await Visitor.open(fixture.shop, fixture.browser)
    await guest.add('Wool blanket')
    await guest.logIn('Grace')
    return { guest, handle: handleOf((await guest.sid()) ?? '') }
  }

  test('is not there for other users', async () => {
    const { visitor, shop } = fixture
    const cookie = async (): Promise<string> => `sid=${await visitor.sid()}`
    expect((await fetch(`${shop.url}/inspector`)).status).toBe(404)
    await visitor.logIn('Grace')
    expect((await fetch(`${shop.url}/inspector`, { headers: { cookie: await cookie() } })).status).toBe(404)
    expect(await visitor.page.getByRole('link', { name: 'Inspector' }).count()).toBe(0)
  })

  test('finds the session of a user, deletes a property, and ends the session', async () => {
    const { guest, handle } = await openGuest()
    const page = await openInspector()
    await page.getByLabel('User').fill('grace')
    await page.getByLabel('With property').fill('cart')
    await press(page, 'Search')
    await follow(page, handle)
    expect(await page.getByText('blanket').isVisible()).toBe(true)
    await follow(page, 'Delete… cart')
    await press(page, 'Delete the property')
    expect(await page.getByRole('status').textContent()).toBe('The property is deleted.')
    await guest.page.reload()
    expect(await guest.page.locator('#cart').textContent()).toContain('Empty.')
    await follow(page, 'End this session…')
    await press(page, 'End the session')
    expect(await page.getByRole('status').textContent()).toBe('The session has ended.')
    await guest.page.reload()
    expect(await guest.page.getByRole('button', { name: 'Log in' }).isVisible()).toBe(true)
    await guest.context.close()
  })

  test('shows no id, and a page that asks before a change', async () => {
    const { guest, handle } = await openGuest()
    const page = await openInspector()
    const secret = (await guest.sid())?.split('.')[1] ?? ''
    await page.goto(`/inspector?session=${handle}`)
    expect(await page.content()).toContain(handle)
    expect(await page.content()).not.toContain(secret)
    await follow(page, 'End this session…')
    await follow(page, 'Cancel')
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Session')
    await guest.context.close()
  })

  test('shows the events of a session', async () => {
    const { guest, handle } = await openGuest()
    const page = await openInspector()
    await page.goto(`/inspector?session=${handle}`)
    expect(await page.locator('.events strong').allTextContents()).toEqual(expect.arrayContaining(['created', 'saved', 'loaded']))
    await guest.context.close()
  })

  test('passes axe on every page, light and dark, on a desk and on a phone', async () => {
    const { guest, handle } = await openGuest()
    const page = await openInspector()
    const session = `session=${handle}`
    const pages = [
      '',
      'view=overview',
      session,
      `${session}&confirm=revoke`,
      'session=none',
      'view=sessions&user=grace',
      'view=sessions&done=revoked',
    ]
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1200, 360]) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 800 })
        for (const query of pages) {
          await page.goto(`/inspector?${query}`)
          for (const summary of await page.locator('summary').all()) await summary.click()
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          expect({ query, colorScheme, width, overflow, found: await violations(page) }).toEqual({
            query,
            colorScheme,
            width,
            overflow: 0,
            found: [],
          })
        }
      }
    await guest.context.close()
    for (const error of fixture.visitor.browserErrors.splice(0)) expect(error).toContain('404 (Not Found)') // of the page without a session
  })

  test('draws its charts', async () => {
    const page = await openInspector()
    await follow(page, 'Overview')
    const charts = page.getByRole('img')
    expect(await charts.count()).toBe(4)
    const heights = await charts
      .first()
      .locator('rect')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().height))
    expect(Math.max(...heights)).toBeGreaterThan(50)
  })

  test('is used by keyboard, with a visible focus', async () => {
    const { guest, handle } = await openGuest()
    const page = await openInspector()
    await page.goto(`/inspector?session=${handle}&confirm=revoke`)
    const names: string[] = []
    for (let steps = 0; steps < 6; steps++) {
      await page.keyboard.press('Tab')
      const { name, outline } = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        return { name: element.textContent?.trim() ?? '', outline: getComputedStyle(element).outlineStyle }
      })
      names.push(name)
      expect(outline, name).toBe('solid')
      if (name === 'End the session') break
    }
    expect(names).toEqual(['Skip to the content', 'Sessions', 'Overview', 'End the session'])
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
    expect(await page.getByRole('status').textContent()).toBe('The session has ended.')
    await guest.context.close()
  })
})
