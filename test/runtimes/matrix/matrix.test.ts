// Every framework in every runtime that has what it needs, as real processes, on what was built. Run by scripts/runtimes-table.ts, which makes
// the table of docs/frameworks.md of what this file reports.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { Browser } from '../../stories/browser.ts'
import { frameworks, SQLITE } from './frameworks.ts'
import type { Cell } from './report.ts'
import { type Running, type Runtime, runtimes } from './runtimes.ts'
import { stories, visitorWith } from './stories.ts'

const cells: Cell[] = []

after(async () => {
  const file = process.env['SOJOURN_RUNTIMES_REPORT']
  if (file !== undefined) await writeFile(file, JSON.stringify(cells))
})

for (const runtime of runtimes)
  describe(runtime.name, () => {
    for (const { name, server, lacking = {} } of frameworks)
      if (lacking[runtime.name] === undefined) it(name, (test) => tell(runtime, name, () => runtime.start(server), test))
    if (SQLITE.lacking[runtime.name] === undefined) it(SQLITE.name, (test) => withDatabase((file) => tellOnDisk(runtime, file, test)))
  })

/** One process, all stories. */
async function tell(runtime: Runtime, framework: string, start: () => Promise<Running>, test: TestContext): Promise<void> {
  await using server = await start()
  for (const story of stories) await test.test(story.name, () => story.tell(server.port))
  cells.push({ framework, runtime: runtime.name, version: server.version, stories: stories.length })
}

/** All stories on a file, and one more: the session outlives the process. */
async function tellOnDisk(runtime: Runtime, file: string, test: TestContext): Promise<void> {
  await tell(runtime, SQLITE.name, () => runtime.start('web', file), test)
  const last = cells.at(-1)
  await test.test('a session outlives the process', async () => {
    let browser: Browser
    {
      await using server = await runtime.start('web', file)
      browser = new Browser(server.port)
      await browser.post('/cart/add', 'bread')
    }
    await using server = await runtime.start('web', file)
    assert.equal((await visitorWith(server.port, browser).get('/')).body, '{"cart":["bread"]}')
  })
  if (last !== undefined) cells.splice(-1, 1, { ...last, stories: last.stories + 1 })
}

async function withDatabase(use: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-matrix-'))
  try {
    await use(join(folder, 'sessions.db'))
  } finally {
    await rm(folder, { recursive: true })
  }
}
