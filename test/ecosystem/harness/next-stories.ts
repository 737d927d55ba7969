// What is particular to Next, on the page /lab of the overlay.
import { expect, it } from 'vitest'
import type { Opened, Visitor } from './shop-stories.ts'

/** The types of the events since the last call. */
async function eventsOf({ page }: Visitor): Promise<readonly string[]> {
  return page.evaluate(async () => (await fetch('/events', { method: 'POST' })).json())
}

/** What is particular to Next. */
export function nextStories({ open }: Opened): void {
  it('a component changes the data of a session that exists, and starts none', () =>
    open(async (visitor) => {
      await visitor.visit('/lab')
      await visitor.expectShop({ views: 'ERR_SESSION_CONFIG' })
      await visitor.visit('/')
      await visitor.press('Add bread')
      await visitor.expectShop({ cart: 'bread' })
      for (const views of ['1', '2']) {
        await visitor.visit('/lab')
        await visitor.expectShop({ views })
      }
    }))

  it.each([true, false])('the page after an action sees its change, and the session is loaded once (JavaScript: %s)', (javaScriptEnabled) =>
    open(
      async (visitor) => {
        await visitor.press('Add bread')
        await visitor.expectShop({ cart: 'bread' })
        await visitor.visit('/lab')
        const watcher = javaScriptEnabled ? visitor : undefined
        if (watcher !== undefined) await eventsOf(watcher)
        await visitor.press('Stay')
        await visitor.expectShop({ cart: 'bread, milk' })
        if (watcher !== undefined) expect((await eventsOf(watcher)).filter((type) => type === 'loaded')).toEqual(['loaded'])
      },
      { javaScriptEnabled },
    ),
  )

  it('notFound() in an action commits first', () =>
    open(async (visitor) => {
      await visitor.visit('/lab')
      await visitor.press('Not there')
      await visitor.expectHeading('Not there')
      await visitor.visit('/')
      await visitor.expectShop({ cart: 'salt' })
    }))

  it('an action that fails saves nothing', () =>
    open(async (visitor) => {
      await visitor.visit('/lab')
      await visitor.press('Broken')
      await visitor.expectHeading('Failed')
      await visitor.visit('/')
      await visitor.expectShop({ cart: '' })
    }))

  it('an action does not redirect when its commit failed', () =>
    open(async (visitor) => {
      await visitor.press('Add bread')
      await visitor.expectShop({ cart: 'bread' })
      await visitor.visit('/lab')
      const pressed = visitor.press('Slow')
      await visitor.race('arrived')
      await visitor.race('logout')
      await visitor.race('open')
      await pressed
      await visitor.expectHeading('Failed')
      await visitor.visit('/')
      await visitor.expectShop({ cart: '', user: 'nobody' })
    }))

  it('a prefetch shows no message and does not use the session', () =>
    open(async (visitor) => {
      await visitor.visit('/lab')
      await visitor.press('Leave a notice')
      await visitor.race('cart')
      await eventsOf(visitor)
      const body = await visitor.page.evaluate(async () => {
        const headers = { RSC: '1', 'Next-Router-Prefetch': '1' }
        return (await fetch('/lab', { headers })).text()
      })
      expect(body).not.toContain('Hello.')
      expect(await eventsOf(visitor)).not.toContain('saved')
      await visitor.visit('/lab')
      await visitor.expectShop({ notice: 'Hello.' })
      await visitor.visit('/lab')
      await visitor.expectShop({ notice: '' })
    }))

  it('a session that starts in proxy.ts is visible to the page of the same request, and to the next request', () =>
    open(async (visitor) => {
      await visitor.visit('/lab/there')
      await visitor.expectShop({ views: '100' })
      await visitor.visit('/lab')
      await visitor.expectShop({ views: '101' })
    }))
}
