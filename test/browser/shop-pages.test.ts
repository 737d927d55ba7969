import { describe, expect, test } from 'vitest'
import { describeShop } from './shop-fixture.ts'
import { Visitor } from './visitor.ts'

describeShop('the pages of the shop', (fixture) => {
  describe('user interface', () => {
    const background = () => fixture.visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor)

    test('uses the theme of the session, or that of the system', async () => {
      const { visitor } = fixture
      const light = await background()
      await visitor.press('Dark mode')
      const dark = await background()
      expect(dark).not.toBe(light)
      await visitor.page.goto('/race')
      expect(await background()).toBe(dark)
      await visitor.page.goto('/')
      await visitor.press('Light mode')
      expect(await background()).toBe(light)
      await visitor.page.emulateMedia({ colorScheme: 'dark' })
      expect(await background()).toBe(light)
      await visitor.press('Delete darkMode')
      expect(await background()).toBe(dark)
    })

    test('does not scroll horizontally on a phone', async () => {
      const { visitor } = fixture
      await visitor.page.setViewportSize({ width: 360, height: 740 })
      await visitor.fillSession()
      await visitor.page.getByText('The code of the other buttons').click()
      const overflow = () => visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(await overflow()).toBe(0)
      await visitor.press('Pop the cart')
      expect(await visitor.page.locator('.summary').isVisible()).toBe(true)
      for (const path of ['/', '/race', '/race/sojourn', '/race/express-session']) {
        await visitor.page.goto(path)
        expect([path, await overflow()]).toEqual([path, 0])
      }
    })

    test('is usable by keyboard with a visible focus', async () => {
      const { visitor } = fixture
      const { page } = visitor
      const focus = () =>
        page.evaluate(() => {
          const element = document.activeElement as HTMLElement
          return { name: element.ariaLabel ?? element.textContent?.trim(), outlined: getComputedStyle(element).outlineStyle !== 'none' }
        })
      const tabTo = async (name: string) => {
        for (let steps = 0; steps < 60; steps++) {
          await page.keyboard.press('Tab')
          const focused = await focus()
          expect(focused.outlined, `no visible focus on "${focused.name}"`).toBe(true)
          if (focused.name === name) return
        }
        throw new Error(`"${name}" was not focused within 60 steps`)
      }
      const enter = (key: string) => Promise.all([page.waitForEvent('load'), page.keyboard.press(key)])

      await page.keyboard.press('Tab')
      expect((await focus()).name).toBe('Skip to the content')
      await page.keyboard.press('Enter')
      await tabTo('Add to cart: Reading lamp')
      await enter('Enter')
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["lamp"]' })
      await tabTo('Pop the cart')
      await enter('Space')
      expect(await page.getByText('Removed: 1 × Reading lamp.').isVisible()).toBe(true)
      await page.goto('/')
      await tabTo('Log in')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('g')
      await page.keyboard.press('Tab')
      await enter('Enter')
      expect(await visitor.expectPanelShowsRow()).toMatchObject({ userId: '"grace"' })
    })

    test('works without JavaScript', async () => {
      const { shop, browser } = fixture
      const plain = await Visitor.open(shop, browser, { javaScriptEnabled: false })
      await plain.press('Add to cart: Room key tag')
      await plain.press('Pop the cart')
      expect(await plain.page.getByText('Removed: 1 × Room key tag.').isVisible()).toBe(true)
      await plain.page.goto('/race')
      expect(await plain.page.locator('noscript').textContent()).toContain('which is disabled')
      await plain.context.close()
    })
  })

  describe('security', () => {
    test('changes nothing for GET', async () => {
      const { visitor } = fixture
      await visitor.fillSession()
      const before = await visitor.row()
      for (const path of [
        '/cart/clear',
        '/cart/add?sku=mug',
        '/forget-me',
        '/logout',
        '/clear',
        '/flush',
        '/login?user=ada',
        '/race/sojourn/start',
      ])
        expect([path, (await visitor.context.request.get(path)).status()]).toEqual([path, 404])
      expect(await visitor.row()).toEqual(before)
    })

    test('rejects posts of other sites', async () => {
      const { shop } = fixture
      const headers = { 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' }
      const response = await fetch(`${shop.url}/login`, { method: 'POST', headers, body: 'user=ada' })
      expect(response.status).toBe(403)
      expect(response.headers.getSetCookie()).toEqual([])
    })

    test('escapes the input of users', async () => {
      const { visitor } = fixture
      const markup = '<img src=x onerror=alert(1)>'
      const response = await visitor.context.request.post('/login', {
        form: { user: markup },
        headers: { 'sec-fetch-site': 'same-origin' },
      })
      expect(await response.text()).not.toContain(markup)
      expect(await visitor.row()).toBeUndefined()
    })
  })
})
