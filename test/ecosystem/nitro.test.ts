// The starter of Nitro 3 (a beta) in Chromium: its production build on Node. The overlay adds /race.
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

let starter: Starter

shopStories('Nitro', {
  async start() {
    starter = await Starter.prepare('nitro')
    await starter.run('nitro/dist/cli/index.mjs', 'build')
    await starter.run('typescript/bin/tsc')
    return starter.serve('./.output/server/index.mjs')
  },
  stop: () => starter.remove(),
  database: () => starter.database,
})
