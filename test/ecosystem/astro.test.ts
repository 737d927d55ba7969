// The starter of Astro in Chromium: its production build on @astrojs/node. The overlay adds /lab.
import { expect, it } from 'vitest'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

const ASTRO = 'astro/bin/astro.mjs'
let starter: Starter

shopStories(
  'Astro',
  {
    async start() {
      starter = await Starter.prepare('astro')
      await starter.run(ASTRO, 'build')
      await starter.run(ASTRO, 'check', '--minimumFailingSeverity', 'hint')
      return starter.serve('./dist/server/entry.mjs')
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  },
  ({ open }) => {
    it('a form whose session ended shows a sentence with the status 409', () =>
      open(async (visitor) => {
        expect(await visitor.pressDuringLogout()).toBe(409)
        await expect.poll(() => visitor.page.locator('body').textContent()).toBe('Your session ended. Please reload the page.')
      }))
  },
)
