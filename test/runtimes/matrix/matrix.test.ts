// Runs every framework in every runtime that supports it, as real processes, on the built package.
// Run by scripts/runtimes-table.ts, which makes the table of docs/frameworks.md from the results.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { Browser } from '../../stories/harness/browser.ts'
import { COOKIE, frameworks, SQLITE } from './frameworks.ts'
import type { Cell } from './report.ts'
import { type Runtime, runtimes } from './runtimes.ts'
import { chunksStory, copyOf, type Story, socketStory, stories } from './stories.ts'

const cells: Cell[] = []

after(async () => {
  const file = process.env['SOJOURN_RUNTIMES_REPORT']
  if (file !== undefined) await writeFile(file, JSON.stringify(cells))
})

for (const runtime of runtimes)
  describe(runtime.name, () => {
    it(COOKIE.name, (test) =>
      runStories(runtime, COOKIE.name, 'web', [...stories.filter(({ merges }) => merges !== true), chunksStory], test, 'cookie'),
    )
    for (const { name, server, unsupported = {}, sockets = [] } of frameworks) {
      const all = sockets.includes(runtime.name) ? [...stories, socketStory] : stories
      if (unsupported[runtime.name] === undefined) it(name, (test) => runStories(runtime, name, server, all, test))
    }
    if (SQLITE.unsupported[runtime.name] === undefined)
      it(SQLITE.name, (test) => withDatabase((file) => runStoriesOnDisk(runtime, file, test)))
  })

/** Runs all stories in one process. */
async function runStories(
  runtime: Runtime,
  framework: string,
  server: string,
  all: readonly Story[],
  test: TestContext,
  store?: string,
): Promise<void> {
  await using running = await runtime.start(server, store)
  for (const story of all) await test.test(story.name, () => story.run(running.port))
  cells.push({ framework, runtime: runtime.name, version: running.version, stories: all.length })
}

/** Runs all stories on a database file, and one more: the session outlives the process. */
async function runStoriesOnDisk(runtime: Runtime, file: string, test: TestContext): Promise<void> {
  let version = ''
  const customer = await inProcess(async (port) => {
    for (const story of stories) await test.test(story.name, () => story.run(port))
    const browser = new Browser(port)
    await browser.post('/cart/add', 'bread')
    return browser
  })
  await test.test('a session outlives the process', () =>
    inProcess(async (port) => assert.equal((await copyOf(port, customer).get('/')).body, '{"cart":["bread"]}')),
  )
  cells.push({ framework: SQLITE.name, runtime: runtime.name, version, stories: stories.length + 1 })

  async function inProcess<T>(use: (port: number) => Promise<T>): Promise<T> {
    await using running = await runtime.start('web', file)
    version = running.version
    return await use(running.port)
  }
}

async function withDatabase(use: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-matrix-'))
  try {
    await use(join(folder, 'sessions.db'))
  } finally {
    await rm(folder, { recursive: true })
  }
}
