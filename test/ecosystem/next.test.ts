// The starter of Next 16 in Chromium: its production build with Cache Components, served by
// `next start` and from the standalone output, and its development server. The overlay adds /lab.
import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { nextStories } from './harness/next-stories.ts'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

const NEXT = 'next/dist/bin/next'
let built: Starter

shopStories(
  'next start',
  {
    async start() {
      built = await Starter.prepare('next')
      await built.run(NEXT, 'build')
      return built.serve(NEXT, ['start', '--port', built.port])
    },
    stop: () => built.end(),
  },
  nextStories,
)

shopStories('the standalone output of Next', {
  isBrief: true,
  async start() {
    const output = `./.next/standalone/test/ecosystem/next/${basename(built.folder)}`
    await cp(join(built.folder, '.next/static'), join(built.folder, output, '.next/static'), { recursive: true })
    return built.serve(`${output}/server.js`, [], { HOSTNAME: 'localhost' })
  },
  stop: () => built.remove(),
})

const development = new Map<string, Starter>()

shopStories('next dev', {
  isBrief: true,
  async start() {
    const starter = await Starter.prepare('next')
    development.set('16', starter)
    return starter.serve(NEXT, ['dev', '--port', starter.port])
  },
  stop: async () => development.get('16')?.remove(),
})

shopStories('next dev of Next 15, with middleware.ts', {
  isBrief: true,
  losesMessages: true,
  async start() {
    const starter = await Starter.prepare('next', 'next15')
    development.set('15', starter)
    return starter.serve(NEXT, ['dev', '--turbopack', '--port', starter.port])
  },
  stop: async () => development.get('15')?.remove(),
})
