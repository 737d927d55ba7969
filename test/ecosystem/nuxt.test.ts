// The starter of Nuxt 4 in Chromium: its production build on Node. The overlay adds /lab.
import { expect, it } from 'vitest'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

let starter: Starter

shopStories(
  'Nuxt',
  {
    async start() {
      starter = await Starter.prepare('nuxt')
      await starter.run('nuxt/bin/nuxt.mjs', 'build')
      await starter.run('typescript/bin/tsc', '-p', '.nuxt/tsconfig.server.json')
      return starter.serve('./.output/server/index.mjs')
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  },
  ({ open, origin }) => {
    it('internal requests have the session of the request that sent them, also one that starts there', () =>
      open(async (visitor) => {
        await visitor.visit('/lab')
        await visitor.expectShop({ visits: '2', user: 'nobody' })
        expect(await visitor.context.cookies()).toHaveLength(1)
        await visitor.visit('/lab')
        await visitor.expectShop({ visits: '4' })
      }))

    it('useUserSession() shows a login, and ends the session', () =>
      open(async (visitor) => {
        await visitor.logIn('ada')
        await visitor.visit('/lab')
        await visitor.expectShop({ user: 'somebody' })
        await visitor.page.getByRole('button', { name: 'Clear' }).click()
        await visitor.expectShop({ user: 'nobody' })
        expect(await visitor.context.cookies()).toEqual([])
      }))

    it('requireUserSession() responds with 401, and a cached handler has no session', async () => {
      const user = await fetch(`${origin()}/api/user`)
      expect([user.status, await user.json()]).toEqual([401, expect.objectContaining({ message: 'A login is required.' })])
      expect((await fetch(`${origin()}/api/cached`)).status).toBe(500)
    })

    it.each([true, false])('a form whose session ended shows error.vue with the status 409 (JavaScript: %s)', (javaScriptEnabled) =>
      open(
        async (visitor) => {
          expect(await visitor.pressDuringLogout()).toBe(409)
          await visitor.expectHeading('409 Your session ended. Please reload the page.')
        },
        { javaScriptEnabled },
      ),
    )
  },
)
