// The starters of Express and Fastify in Chromium. Node runs their sources. The overlay adds /race.
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

for (const [name, folder] of [
  ['Express', 'express'],
  ['Fastify', 'fastify'],
] as const) {
  let starter: Starter

  shopStories(name, {
    async start() {
      starter = await Starter.prepare(folder)
      await starter.run('typescript/bin/tsc')
      return starter.serve('./src/server.ts')
    },
    stop: () => starter.remove(),
    database: () => starter.database,
  })
}
