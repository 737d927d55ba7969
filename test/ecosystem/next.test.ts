// The starter of Next 16 in Chromium: its production build with Cache Components, served by
// `next start` and from the standalone output, and its development server. The overlay adds /lab.
// Then its production build with Next 15.
import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { nextStories } from './harness/next-stories.ts'
import { shopStories } from './harness/shop-stories.ts'
import { Starter } from './harness/starter.ts'

const NEXT = 'next/dist/bin/next'
/** Next cannot set the status of an action, and a component cannot commit before its response. */
const NEXT_DIFFERENCES = { failureStatus: 500, removesMessagesLate: true }

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
    database: () => built.database,
    ...NEXT_DIFFERENCES,
  },
  nextStories,
)

shopStories('the standalone output of Next', {
  async start() {
    const output = `./.next/standalone/test/ecosystem/next/${basename(built.folder)}`
    await cp(join(built.folder, '.next/static'), join(built.folder, output, '.next/static'), { recursive: true })
    return built.serve(`${output}/server.js`, [], { HOSTNAME: 'localhost' })
  },
  stop: () => built.remove(),
  ...NEXT_DIFFERENCES,
})

let development: Starter

shopStories('next dev', {
  async start() {
    development = await Starter.prepare('next')
    return development.serve(NEXT, ['dev', '--port', development.port])
  },
  stop: () => development.remove(),
  ...NEXT_DIFFERENCES,
})

let older: Starter

shopStories('next start of Next 15, with middleware.ts', {
  losesMessages: true,
  async start() {
    older = await Starter.prepare('next', 'next15')
    await older.run(NEXT, 'build', '--turbopack')
    return older.serve(NEXT, ['start', '--port', older.port])
  },
  stop: () => older.remove(),
  database: () => older.database,
  ...NEXT_DIFFERENCES,
})
