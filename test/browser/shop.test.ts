import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { countRows, rowOf } from './row.ts'
import { describeShop } from './shop-fixture.ts'
import { Visitor } from './visitor.ts'

describeShop('the shop', (fixture) => {
  describe('the panel', () => {
    test('a page without changes creates no row and no cookie', async () => {
      const { visitor, shop } = fixture
      const rows = countRows(shop.database)
      await visitor.page.goto('/race')
      await visitor.page.goto('/')
      expect(await visitor.page.locator('#panel').textContent()).toContain('None.')
      expect(await visitor.context.cookies()).toEqual([])
      expect(countRows(shop.database)).toBe(rows)
    })

    test('the panel shows the row after each change of the cart', async () => {
      const { visitor } = fixture
      await visitor.add('Enamel mug')
      expect(await visitor.changes()).toEqual(['added cart', 'New session, new id'])
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["mug"]' })
      await visitor.add('Enamel mug')
      await visitor.add('Reading lamp')
      expect(await visitor.changes()).toEqual(['changed cart', 'Same id'])
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["mug","mug","lamp"]' })
      expect(await visitor.page.locator('#cart').textContent()).toMatch(/2 × Enamel mug.*1 × Reading lamp.*€67\.00/s)
      await visitor.press('Remove Enamel mug from the cart')
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["lamp"]' })
    })

    test('an order removes the cart', async () => {
      const { visitor } = fixture
      await visitor.add('Wool blanket')
      await visitor.press('Order (demo)')
      expect(await visitor.page.getByText('Ordered: 1 × Wool blanket.').isVisible()).toBe(true)
      expect(await visitor.expectPanelShowsRow()).toEqual({})
    })

    test('the panel shows only the start of the id', async () => {
      const { visitor } = fixture
      await visitor.add('Enamel mug')
      const id = (await visitor.sid()) ?? ''
      expect(await visitor.page.content()).not.toContain(id.split('.')[1])
      expect(await visitor.page.locator('[data-field=id]').textContent()).toBe(`${id.slice(0, 4)}••••.${id.split('.')[1]?.slice(0, 4)}••••`)
    })
  })

  describe('login and logout', () => {
    test('a login renews the id and keeps the cart, and the old id is invalid', async () => {
      const { visitor, shop, browser } = fixture
      await visitor.add('Enamel mug')
      const before = (await visitor.sid()) ?? ''
      await visitor.logIn('Ada')
      expect(await visitor.changes()).toEqual(['added userId', 'New id, same session'])
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["mug"]', userId: '"ada"' })
      expect(await visitor.sid()).not.toBe(before)
      const attacker = await Visitor.open(shop, browser)
      await attacker.context.addCookies([{ name: 'sid', value: before, url: shop.url }])
      await attacker.page.goto('/')
      expect(await attacker.page.locator('#panel').textContent()).toContain('None.')
      expect(await attacker.lastEvent()).toBe('absent')
      expect(await attacker.page.locator('#cart').textContent()).toContain('Empty.')
      await attacker.context.close()
    })

    test('the cookie is HttpOnly, Lax, for the whole site, and has the name for plain HTTP on localhost', async () => {
      const { visitor } = fixture
      await visitor.logIn('Linus')
      const [cookie, ...others] = await visitor.context.cookies()
      expect(others).toEqual([])
      expect(cookie).toMatchObject({ name: 'sid', domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax', secure: false })
      expect(await visitor.page.evaluate(() => document.cookie)).toBe('')
    })

    test('a logout deletes row and cookie', async () => {
      const { visitor, shop } = fixture
      await visitor.fillSession()
      const id = (await visitor.sid()) ?? ''
      await visitor.press('Log out')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Row and id deleted'])
      expect(await visitor.context.cookies()).toEqual([])
      expect(rowOf(shop.database, id)).toBeUndefined()
      expect(await visitor.page.getByRole('button', { name: 'Log in' }).isVisible()).toBe(true)
      await visitor.page.goBack()
      expect(await visitor.page.locator('body').textContent()).not.toMatch(/Hello, Grace|added userId/)
    })
  })

  describe('five ways to remove data', () => {
    beforeEach(() => fixture.visitor.fillSession())

    test('delete userId logs out and keeps everything else', async () => {
      const { visitor } = fixture
      const id = await visitor.sid()
      await visitor.press('Delete userId')
      expect(await visitor.changes()).toEqual(['removed userId', 'Same id'])
      expect(await visitor.expectPanelShowsRow()).toMatchObject({ cart: '["mug"]', darkMode: 'true' })
      expect(await visitor.sid()).toBe(id)
      expect(await visitor.page.getByRole('button', { name: 'Log in' }).isVisible()).toBe(true)
    })

    test('delete darkMode restores the theme of the system, and writes nothing if it is absent', async () => {
      const { visitor } = fixture
      await visitor.press('Delete darkMode')
      expect(await visitor.changes()).toEqual(['removed darkMode', 'Same id'])
      expect(await visitor.expectPanelShowsRow()).toEqual({ cart: '["mug"]', userId: '"grace"' })
      const before = await visitor.row()
      await visitor.press('Delete darkMode')
      expect(await visitor.changes()).toEqual(['Same id'])
      expect(await visitor.lastEvent()).toBe('unchanged')
      expect(await visitor.row()).toEqual(before)
    })

    test('pop deletes the cart and shows its content', async () => {
      const { visitor } = fixture
      await visitor.press('Pop the cart')
      expect(await visitor.page.getByText('Removed: 1 × Enamel mug.').isVisible()).toBe(true)
      expect(await visitor.changes()).toEqual(['removed cart', 'Same id'])
      expect(await visitor.expectPanelShowsRow()).toEqual({ darkMode: 'true', userId: '"grace"' })
      await visitor.page.reload()
      expect(await visitor.page.locator('.notice').count()).toBe(0)
    })

    test('clear deletes all data and keeps the id', async () => {
      const { visitor } = fixture
      const id = await visitor.sid()
      await visitor.press('Clear everything')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Same id'])
      expect(await visitor.page.locator('#panel').textContent()).toContain('The row has no properties.')
      await visitor.expectPanelShowsRow()
      expect(await visitor.sid()).toBe(id)
    })

    test('flush deletes row and cookie', async () => {
      const { visitor, shop } = fixture
      const id = (await visitor.sid()) ?? ''
      await visitor.press('Flush')
      expect(await visitor.changes()).toEqual(['removed cart', 'removed darkMode', 'removed userId', 'Row and id deleted'])
      expect(await visitor.expectPanelShowsRow()).toBeUndefined()
      expect(rowOf(shop.database, id)).toBeUndefined()
      expect(await visitor.context.cookies()).toEqual([])
    })

    test('the code next to each button is the code that runs', async () => {
      const { visitor } = fixture
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
