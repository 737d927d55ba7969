// The starter of Next 16, in Chromium: its production build, then its development server.
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

const NEXT = 'next/dist/bin/next'
let starter: Starter

shopStories('next start', {
  async start() {
    starter = await Starter.prepare('next')
    await starter.run(NEXT, 'build')
    return starter.serve(NEXT, (port) => ['start', '--port', port])
  },
  stop: () => starter.remove(),
})
