// Why: a promised import path must be there after `npm install`, bring its types, and load nothing its user did not ask for.
// The tarball is unpacked beside links to the runtime dependencies and nothing else, as npm would lay it out.
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const dependencies = Object.keys(manifest.dependencies)
const paths = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ path, name: nameOf(path), target }],
)
const stores = paths.filter(({ path }) => path.startsWith('./stores/'))

/** Prints every module that importing `argv[1]` loads, and what it exports. */
const probe = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
const exported = Object.keys(await import(process.argv[1]))
console.log(JSON.stringify({ loaded, exported }))`

let house: string

beforeAll(async () => {
  house = await realpath(await mkdtemp(join(tmpdir(), 'sojourn-exports-')))
  await mkdir(join(house, 'node_modules'))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', house], { cwd: root })
  await run('tar', ['-xzf', `sojourn-${manifest.version}.tgz`], { cwd: house })
  await mkdir(join(house, 'package/node_modules'))
  await symlink(join(house, 'package'), join(house, 'node_modules/sojourn'))
  for (const name of dependencies) await symlink(await installed(name), join(house, 'package', 'node_modules', name))
  await writeFile(join(house, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rm(house, { recursive: true, force: true }))

describe.each(paths)('$name', ({ name, target }) => {
  test('is packed with its types and its source', async () => {
    const source = target.default.replace('./dist/', './src/').replace('.js', '.ts')
    for (const file of [target.default, target.types, source]) await access(join(house, 'package', file))
  })

  test('can be imported and exports something', async () => {
    expect((await load(name)).exported).not.toEqual([])
  })

  test('loads nothing but itself and the runtime dependencies', async () => {
    const { loaded } = await load(name)
    const ours = [join(house, 'package/dist'), ...(await Promise.all(dependencies.map(installed)))]
    const foreign = loaded.filter((url) => !url.startsWith('node:') && !ours.some((folder) => url.startsWith(`file://${folder}/`)))
    expect(foreign).toEqual([])
  })
})

test('the front door opens no store, adapter or database', async () => {
  const opened = await open('sojourn')
  expect(opened.filter((name) => /^src\/(stores|adapters|admin|cli|inspector|testing)\/|lru-cache|node:(?!crypto)/.test(name))).toEqual([])
})

test('the front door loads few files and few kilobytes', async () => {
  const { loaded } = await load('sojourn')
  const files = loaded.filter((url) => url.startsWith('file:'))
  const sizes = await Promise.all(files.map(async (url) => (await stat(new URL(url))).size))
  expect(files.length).toBeLessThanOrEqual(25)
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(192 * 1024)
})

test.each(['sojourn/web', 'sojourn/hono', 'sojourn/testing'])('%s opens no store and needs nothing of Node', async (name) => {
  expect((await open(name)).filter((each) => /^src\/stores\/|lru-cache|node:(?!crypto|zlib)/.test(each))).toEqual([])
})

test.each(['sojourn/node', 'sojourn/express', 'sojourn/fastify', 'sojourn/koa'])('%s opens no store', async (name) => {
  expect((await open(name)).filter((each) => /^src\/stores\/|lru-cache|node:sqlite/.test(each))).toEqual([])
})

test.each(stores)('$name opens no other store', async ({ path, name }) => {
  const opened = await open(name)
  const others = stores.filter((store) => store.path !== path).map((store) => `src/${store.path.slice(2)}.ts`)
  expect(opened.filter((each) => others.includes(each))).toEqual([])
  expect(opened).toContain(`src/${path.slice(2)}.ts`)
})

test.each([
  ['postgres://u:secret@localhost/d', 'pg'],
  ['mysql://u:secret@localhost/d', 'mysql2'],
  ['rediss://:secret@localhost', 'redis'],
  ['redis+cluster://:secret@localhost', 'redis'],
])('a store of %s says which package it needs and how to get it', async (url, driver) => {
  const script = `import { openStore } from 'sojourn/stores/open'
await openStore('${url}').catch(({ code, message }) => console.log(code, message))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: house })
  const scheme = url.slice(0, url.indexOf(':'))
  expect(stdout).toBe(`ERR_SESSION_CONFIG A store with a \`${scheme}:\` URL needs the package \`${driver}\`: npm install ${driver}\n`)
})

test('the command `sojourn` runs as it is installed, with a driver or without', async () => {
  const bin = join(house, 'package', manifest.bin.sojourn)
  const store = `sqlite:${join(house, 'sessions.db')}`
  const { stdout, stderr } = await run(process.execPath, [bin, 'migrate', '--dry-run', '--store', store], { cwd: house })
  expect([stdout, stderr]).toEqual([expect.stringContaining('CREATE TABLE'), ''])
  const failed = await run(process.execPath, [bin, 'migrate', '--store', 'postgres://localhost/d'], { cwd: house }).catch((error) => error)
  expect([failed.code, failed.stderr]).toEqual([2, expect.stringMatching(/^sojourn: .* npm install pg\n$/)])
})

test('every runtime dependency has an exact version', () => {
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

/** Where a dependency really is: Node names modules by their real path. */
function installed(dependency: string): Promise<string> {
  return realpath(join(root, 'node_modules', dependency))
}

function nameOf(path: string): string {
  return path.replace('.', 'sojourn')
}

async function load(name: string): Promise<{ readonly loaded: readonly string[]; readonly exported: readonly string[] }> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', probe, name], { cwd: house })
  return JSON.parse(stdout) as Awaited<ReturnType<typeof load>>
}

/** What an import opens: of ours the sources, such as `src/stores/memory.ts`, from which its files were made; the URLs of all others. */
async function open(name: string): Promise<readonly string[]> {
  const { loaded } = await load(name)
  const dist = `file://${join(house, 'package/dist')}/`
  return (await Promise.all(loaded.map(async (url) => (url.startsWith(dist) ? sourcesOf(url) : [url])))).flat()
}

/** A file that only hands on what others have has no map. */
async function sourcesOf(url: string): Promise<string[]> {
  const map = await readFile(new URL(`${url}.map`), 'utf8').catch(() => '{ "sources": [] }')
  const { sources } = JSON.parse(map) as { readonly sources: readonly string[] }
  const base = `file://${join(house, 'package')}/`
  return sources.map((source) => new URL(source, url).href.slice(base.length))
}
