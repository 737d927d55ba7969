// The first program of README.md and every program of docs/frameworks.md are run unchanged, except
// for their port and their imports of this package, which lead to the sources.
// document-examples.test.ts checks the types.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Browser } from '../stories/harness/browser.ts'

const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const [quickStart = ''] = read('README.md').split(/^## /m)
const programs = [quickStart, ...read('docs/frameworks.md').split(/^## /m)]
  .map((chapter) => ({ title: chapter.split('\n')[0] ?? '', program: /```ts\n([^]*?)```/.exec(chapter)?.[1] ?? '' }))
  .filter(({ program }) => program !== '')
  .map((each, index) => ({ ...each, file: `program-${index}.ts` }))

/** Prints the port on which a server listens. */
const printPort = `import { Server } from 'node:net'
const { listen } = Server.prototype
Server.prototype.listen = function (...args) {
  this.once('listening', () => console.log(JSON.stringify(this.address())))
  return listen.apply(this, args)
}`

/** Starts a server for a program that its runtime would serve. */
const startServer = `import { createAdaptorServer } from '@hono/node-server'
createAdaptorServer({ fetch }).listen(3000)`

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-docs-'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'print-port.mjs'), printPort)
  for (const { file, program } of programs) {
    const sources = program.replaceAll(/'sojourn(\/[^']*)?'/g, (_, path: string | undefined) => `'${sourceOf(path)}'`)
    const served = sources.includes('3000') ? sources : sources + startServer
    await writeFile(join(folder, file), served.replace('3000', '0'))
  }
})

afterAll(() => rm(folder, { recursive: true, force: true }))

it('README.md has a program, and docs/frameworks.md has one for every framework', () => {
  expect(programs.map(({ title }) => title)).toEqual([
    '# sojourn',
    'Express 4 and 5',
    'Fastify 5',
    'Koa 3',
    'Hono 4',
    'Plain `node:http`',
    'Request → Response: Bun, Deno, Workers, route handlers',
  ])
})

describe.each(programs)('$title', ({ file }) => {
  it('keeps a cart and deletes it at logout', async () => {
    const child = spawn(process.execPath, ['--import', './print-port.mjs', file], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    try {
      const browser = new Browser(await portOf(child))
      const added = await browser.post('/cart/bread')
      expect([Math.floor(added.status / 100), added.headers.get('location'), added.setCookies.length]).toEqual([3, '/', 1])
      await browser.post('/cart/milk')
      expect(JSON.parse((await browser.get('/')).body)).toEqual(['bread', 'milk'])
      await browser.post('/logout')
      expect([browser.cookies.size, JSON.parse((await browser.get('/')).body)]).toEqual([0, []])
    } finally {
      const ended = once(child, 'exit')
      if (child.kill()) await ended
    }
  })
})

async function portOf({ stdout, stderr }: ChildProcess): Promise<number> {
  let output = ''
  stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
  for await (const line of createInterface({ input: stdout as NodeJS.ReadableStream }))
    if (line.startsWith('{')) return (JSON.parse(line) as { readonly port: number }).port
  throw new Error(`The program did not listen: ${output}`)
}

function sourceOf(path: string | undefined): string {
  if (path === undefined) return join(root, 'src/index.ts')
  return join(root, 'src', path.startsWith('/stores/') ? `${path}.ts` : `adapters${path}.ts`)
}
