// The starter of React Router 8 in Chromium: its production build. The overlay adds /lab and /auth.
import { expect, it } from 'vitest'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

const DEV = '@react-router/dev/bin.cjs'
let starter: Starter

shopStories(
  'React Router',
  {
    async start() {
      starter = await Starter.prepare('react-router')
      await starter.run(DEV, 'build')
      await starter.run(DEV, 'typegen')
      await starter.run('typescript/bin/tsc')
      return starter.serve('@react-router/serve/bin.cjs', ['./build/server/index.js'])
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  },
  ({ open }) => {
    it.each([true, false])(
      'an action whose session ended shows the ErrorBoundary with the status 409 (JavaScript: %s)',
      (javaScriptEnabled) =>
        open(
          async (visitor) => {
            expect(await visitor.pressDuringLogout()).toBe(409)
            await visitor.expectHeading('409 Your session ended. Please reload the page.')
          },
          { javaScriptEnabled },
        ),
    )

    it('remix-auth logs in, and packages that take a SessionStorage use the same session', () =>
      open(async (visitor) => {
        await visitor.visit('/auth')
        await visitor.page.getByLabel('Name').fill('ada')
        await visitor.press('Sign in')
        await visitor.expectHeading('ada')
        await visitor.expectShop({ notice: 'Hello, ada.' })
        await visitor.visit('/auth')
        await visitor.expectShop({ notice: '' })
        expect(await visitor.context.cookies()).toHaveLength(1)
        await visitor.visit('/auth?end')
        await visitor.expectHeading('')
        expect(await visitor.context.cookies()).toEqual([])
      }))
  },
)
