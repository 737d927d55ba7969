// The starter of SvelteKit in Chromium: its production build on adapter-node. The overlay adds /lab.
import { expect, it } from 'vitest'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

let starter: Starter

shopStories(
  'SvelteKit',
  {
    async start() {
      starter = await Starter.prepare('sveltekit')
      await starter.run('vite/bin/vite.js', 'build')
      await starter.run('svelte-check/bin/svelte-check', '--threshold', 'error')
      return starter.serve('./build/index.js')
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  },
  ({ open }) => {
    it('requests of the server to itself have the session of the request that sent them', () =>
      open(async (visitor) => {
        await visitor.visit('/lab')
        await visitor.expectShop({ visits: '2' })
        expect(await visitor.context.cookies()).toHaveLength(1)
        expect(await visitor.race('cart')).toEqual([200, '["salt"]'])
      }))

    it.each([true, false])('a form whose session ended shows the error page with the status 409 (JavaScript: %s)', (javaScriptEnabled) =>
      open(
        async (visitor) => {
          expect(await visitor.pressDuringLogout()).toBe(409)
          await expect.poll(() => visitor.page.locator('h1').textContent()).toMatch(/Your session ended/)
        },
        { javaScriptEnabled },
      ),
    )
  },
)
