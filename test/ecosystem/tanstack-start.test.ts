// The starter of TanStack Start in Chromium: its production build on srvx. The overlay adds /lab.
import { expect, it } from 'vitest'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

let starter: Starter

shopStories(
  'TanStack Start',
  {
    async start() {
      starter = await Starter.prepare('tanstack-start')
      await starter.run('vite/bin/vite.js', 'build')
      await starter.run('typescript/bin/tsc')
      return starter.serve('srvx/bin/srvx.mjs', ['--prod', '--static', '../client', 'dist/server/server.js'])
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  },
  ({ open }) => {
    it('a server function whose session ended rejects with a sentence, and its response has the status 409', () =>
      open(async (visitor) => {
        expect(await visitor.pressDuringLogout()).toBe(409)
        await visitor.expectHeading('Your session ended. Please reload the page.')
      }))

    it('without JavaScript the sentence is the page', () =>
      open(
        async (visitor) => {
          expect(await visitor.pressDuringLogout()).toBe(409)
          await expect.poll(() => visitor.page.locator('body').textContent()).toBe('Your session ended. Please reload the page.')
        },
        { javaScriptEnabled: false },
      ))
  },
)
