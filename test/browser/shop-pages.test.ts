import { describe, expect, test } from 'vitest'
import { onStage } from './shop-fixture.ts'
import { Visitor } from './visitor.ts'

onStage('the shop is', (stage) => {
  describe('for everybody', () => {
    const background = () => stage.visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor)

    test('dark mode is a property of the session; without it the system decides', async () => {
      const { visitor } = stage
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

    test('a phone never scrolls sideways', async () => {
      const { visitor } = stage
      await visitor.page.setViewportSize({ width: 360, height: 740 })
      await visitor.settle()
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

    test('everything is reached and pressed by keyboard, and one sees where one is', async () => {
      const { visitor } = stage
      const { page } = visitor
      const focus = () =>
        page.evaluate(() => {
          const at = document.activeElement as HTMLElement
          return { name: at.ariaLabel ?? at.textContent?.trim(), outlined: getComputedStyle(at).outlineStyle !== 'none' }
        })
      const tabTo = async (name: string) => {
        for (let steps = 0; steps < 60; steps++) {
          await page.keyboard.press('Tab')
          const at = await focus()
          expect(at.outlined, `no visible focus on "${at.name}"`).toBe(true)
          if (at.name === name) return
        }
        throw new Error(`No "${name}" within sixty steps`)
      }
      const enter = (key: string) => Promise.all([page.waitForEvent('load'), page.keyboard.press(key)])

      await page.keyboard.press('Tab')
      expect((await focus()).name).toBe('Skip to the content')
      await page.keyboard.press('Enter')
      await tabTo('Add to cart: Reading lamp')
      await enter('Enter')
      expect(await visitor.panelIsRow()).toEqual({ cart: '["lamp"]' })
      await tabTo('Pop the cart')
      await enter('Space')
      expect(await page.getByText('Taken out: 1 × Reading lamp.').isVisible()).toBe(true)
      await page.goto('/')
      await tabTo('Log in')
      await page.keyboard.press('Shift+Tab')
      await page.keyboard.press('g')
      await page.keyboard.press('Tab')
      await enter('Enter')
      expect(await visitor.panelIsRow()).toMatchObject({ userId: '"grace"' })
    })

    test('without JavaScript the shop is the same', async () => {
      const { shop, browser } = stage
      const plain = await Visitor.arrive(shop, browser, { javaScriptEnabled: false })
      await plain.press('Add to cart: Room key tag')
      await plain.press('Pop the cart')
      expect(await plain.page.getByText('Taken out: 1 × Room key tag.').isVisible()).toBe(true)
      await plain.page.goto('/race')
      expect(await plain.page.locator('noscript').textContent()).toContain('switched off here')
      await plain.context.close()
    })
  })

  describe('for nobody', () => {
    test('nothing changes by GET', async () => {
      const { visitor } = stage
      await visitor.settle()
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

    test('no other site posts here', async () => {
      const { shop } = stage
      const headers = { 'sec-fetch-site': 'cross-site', 'content-type': 'application/x-www-form-urlencoded' }
      const response = await fetch(`${shop.url}/login`, { method: 'POST', headers, body: 'user=ada' })
      expect(response.status).toBe(403)
      expect(response.headers.getSetCookie()).toEqual([])
    })

    test('what a visitor writes is text', async () => {
      const { visitor } = stage
      const nasty = '<img src=x onerror=alert(1)>'
      const response = await visitor.context.request.post('/login', { form: { user: nasty }, headers: { 'sec-fetch-site': 'same-origin' } })
      expect(await response.text()).not.toContain(nasty)
      expect(await visitor.row()).toBeUndefined()
    })
  })
})
