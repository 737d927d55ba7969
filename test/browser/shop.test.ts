import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { countRows, rowOf } from './row.ts'
import { onStage } from './shop-fixture.ts'
import { Visitor } from './visitor.ts'

onStage('the shop', (stage) => {
  describe('the panel', () => {
    test('a visit that changes nothing leaves no row and no cookie', async () => {
      const { visitor, shop } = stage
      const rows = countRows(shop.database)
      await visitor.page.goto('/race')
      await visitor.page.goto('/')
      expect(await visitor.page.locator('#panel').textContent()).toContain('Nothing.')
      expect(await visitor.context.cookies()).toEqual([])
      expect(countRows(shop.database)).toBe(rows)
    })

    test('the cart is the row, after each step', async () => {
      const { visitor } = stage
      await visitor.add('Enamel mug')
      expect(await visitor.changes()).toEqual(['added cart', 'New session, new id'])
      expect(await visitor.panelIsRow()).toEqual({ cart: '["mug"]' })
      await visitor.add('Enamel mug')
      await visitor.add('Reading lamp')
      expect(await visitor.changes()).toEqual(['changed cart', 'Same id'])
      expect(await visitor.panelIsRow()).toEqual({ cart: '["mug","mug","lamp"]' })
      expect(await visitor.page.locator('#cart').textContent()).toMatch(/2 × Enamel mug.*1 × Reading lamp.*€67\.00/s)
      await visitor.press('Remove Enamel mug from the cart')
      expect(await visitor.panelIsRow()).toEqual({ cart: '["lamp"]' })
    })

    test('an order takes the cart, once', async () => {
      const { visitor } = stage
      await visitor.add('Wool blanket')
      await visitor.press('Order (pretend)')
      expect(await visitor.page.getByText('Ordered: 1 × Wool blanket.').isVisible()).toBe(true)
      expect(await visitor.panelIsRow()).toEqual({})
    })

    test('the id it shows is not the id', async () => {
      const { visitor } = stage
      await visitor.add('Enamel mug')
      const id = (await visitor.sid()) ?? ''
      expect(await visitor.page.content()).not.toContain(id.split('.')[1])
      expect(await visitor.page.locator('[data-fact=id]').textContent()).toBe(`${id.slice(0, 4)}••••.${id.split('.')[1]?.slice(0, 4)}••••`)
    })
  })

  describe('who is there', () => {
    test('a login brings a new id and keeps the cart; the id from before reads nothing', async () => {
      const { visitor, shop, browser } = stage
      await visitor.add('Enamel mug')
      const before = (await visitor.sid()) ?? ''
      await visitor.logIn('Ada')
      expect(await visitor.changes()).toEqual(['added userId', 'New id, same session'])
      expect(await visitor.panelIsRow()).toEqual({ cart: '["mug"]', userId: '"ada"' })
      expect(await visitor.sid()).not.toBe(before)
      const thief = await Visitor.arrive(shop, browser)
      await thief.context.addCookies([{ name: 'sid', value: before, url: shop.url }])
      await thief.page.goto('/')
      expect(await thief.page.locator('#panel').textContent()).toContain('Nothing.')
      expect(await thief.decision()).toBe('absent')
      expect(await thief.page.locator('#cart').textContent()).toContain('Empty.')
      await thief.context.close()
    })

    test('the cookie is HttpOnly, Lax, for the whole site, and named for plain HTTP on localhost', async () => {
      const { visitor } = stage
      await visitor.logIn('Linus')
      const [cookie, ...others] = await visitor.context.cookies()
      expect(others).toEqual([])
      expect(cookie).toMatchObject({ name: 'sid', domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax', secure: false })
      expect(await visitor.page.evaluate(() => document.cookie)).toBe('')
    })

    test('a logout leaves nothing: no row, no cookie, and the old id is dead', async () => {
      const { visitor, shop } = stage
      await visitor.settle()
      const id = (await visitor.sid()) ?? ''
      await visitor.press('Log out')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Row and id are gone'])
      expect(await visitor.context.cookies()).toEqual([])
      expect(rowOf(shop.database, id)).toBeUndefined()
      expect(await visitor.page.getByRole('button', { name: 'Log in' }).isVisible()).toBe(true)
      await visitor.page.goBack()
      expect(await visitor.page.locator('body').textContent()).not.toMatch(/Hello, Grace|added userId/)
    })
  })

  describe('five ways to remove things', () => {
    beforeEach(() => stage.visitor.settle())

    test('delete userId: logged out, all else kept', async () => {
      const { visitor } = stage
      const id = await visitor.sid()
      await visitor.press('Delete userId')
      expect(await visitor.changes()).toEqual(['removed userId', 'Same id'])
      expect(await visitor.panelIsRow()).toMatchObject({ cart: '["mug"]', darkMode: 'true' })
      expect(await visitor.sid()).toBe(id)
      expect(await visitor.page.getByRole('button', { name: 'Log in' }).isVisible()).toBe(true)
    })

    test('delete darkMode: the page follows the system again; deleting what is not there writes nothing', async () => {
      const { visitor } = stage
      await visitor.press('Delete darkMode')
      expect(await visitor.changes()).toEqual(['removed darkMode', 'Same id'])
      expect(await visitor.panelIsRow()).toEqual({ cart: '["mug"]', userId: '"grace"' })
      const before = await visitor.row()
      await visitor.press('Delete darkMode')
      expect(await visitor.changes()).toEqual(['Same id'])
      expect(await visitor.decision()).toBe('unchanged')
      expect(await visitor.row()).toEqual(before)
    })

    test('pop: the cart is gone, and we are told what was in it', async () => {
      const { visitor } = stage
      await visitor.press('Pop the cart')
      expect(await visitor.page.getByText('Taken out: 1 × Enamel mug.').isVisible()).toBe(true)
      expect(await visitor.changes()).toEqual(['removed cart', 'Same id'])
      expect(await visitor.panelIsRow()).toEqual({ darkMode: 'true', userId: '"grace"' })
      await visitor.page.reload()
      expect(await visitor.page.locator('.notice').count()).toBe(0)
    })

    test('clear: no data, the same id', async () => {
      const { visitor } = stage
      const id = await visitor.sid()
      await visitor.press('Clear everything')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Same id'])
      expect(await visitor.page.locator('#panel').textContent()).toContain('the row is there')
      await visitor.panelIsRow()
      expect(await visitor.sid()).toBe(id)
    })

    test('flush: nothing is left', async () => {
      const { visitor, shop } = stage
      const id = (await visitor.sid()) ?? ''
      await visitor.press('Flush')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Row and id are gone'])
      expect(await visitor.panelIsRow()).toBeUndefined()
      expect(rowOf(shop.database, id)).toBeUndefined()
      expect(await visitor.context.cookies()).toEqual([])
    })

    test('the code beside each button is the code that runs', async () => {
      const { visitor } = stage
      const source = readFileSync(join(import.meta.dirname, '../../examples/shop/src/actions.ts'), 'utf8')
      const ways = await visitor.page.locator('.way').evaluateAll((items) =>
        items.map((way) => ({
          path: way.querySelector('form')?.getAttribute('action') ?? '',
          code: way.querySelector('pre')?.textContent ?? '',
        })),
      )
      expect(ways).toHaveLength(5)
      for (const { path, code } of ways) {
        expect(code).toMatch(new RegExp(`^shop\\.post\\('${path}', .*\\n}\\)$`, 's'))
        expect(source).toContain(`\n${code}\n`)
      }
    })
  })
})
