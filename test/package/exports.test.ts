// Tests that every import path exists after `npm install`, has types, and loads nothing that is not
// needed. The tarball is unpacked next to links to the runtime dependencies only, as npm installs it.
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const run = promisify(execFile)
const root = join(import.meta.dirname, '../..')
const dependencies = Object.keys(manifest.dependencies)
const paths = Object.entries(manifest.exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ path, name: nameOf(path), target }],
)
/** Optional peers that an import path needs. */
const peers: Readonly<Record<string, readonly string[]>> = { 'sojourn/otel': ['@opentelemetry/api'] }
const stores = paths.filter(({ path }) => path.startsWith('./stores/'))

/** Stubs of the modules that an adapter imports of its framework, with their exports: functions that return one. */
const FRAMEWORKS: Readonly<Record<string, readonly string[]>> = {
  '@nestjs/common/index.js': ['Catch', 'createParamDecorator', 'HttpException', 'Inject', 'Logger', 'Module', 'UseGuards'],
  '@nestjs/core/index.js': ['APP_FILTER', 'BaseExceptionFilter', 'HttpAdapterHost'],
  'react-router/index.js': ['data'],
  'next/headers.js': ['cookies', 'headers'],
  'nuxt/app': ['useError', 'useRequestEvent', 'useRequestFetch', 'useState'],
  'nuxt/kit': [
    'addImports',
    'addPluginTemplate',
    'addServerHandler',
    'addServerImports',
    'addServerPlugin',
    'addTemplate',
    'defineNuxtModule',
    'findPath',
  ],
  'vue/index.js': ['computed'],
  'next/server.js': ['after', 'NextResponse'],
  'next/dist/server/app-render/work-async-storage.external.js': ['workAsyncStorage'],
  'next/dist/server/app-render/work-unit-async-storage.external.js': ['workUnitAsyncStorage'],
}

/** Prints every module that importing `argv[1]` loads, and its export names. */
const probe = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
const exported = Object.keys(await import(process.argv[1]))
console.log(JSON.stringify({ loaded, exported }))`

let folder: string

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'sojourn-exports-')))
  await mkdir(join(folder, 'node_modules'))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root })
  await run('tar', ['-xzf', `sojourn-${manifest.version}.tgz`], { cwd: folder })
  await mkdir(join(folder, 'package/node_modules'))
  await symlink(join(folder, 'package'), join(folder, 'node_modules/sojourn'))
  for (const name of [...dependencies, ...Object.values(peers).flat()]) {
    const link = join(folder, 'package/node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(await installed(name), link)
  }
  for (const [file, names] of Object.entries(FRAMEWORKS)) {
    const path = join(folder, 'node_modules', file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, names.map((name) => `exports.${name} = function () { return () => undefined }\n`).join(''))
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(paths)('$name', ({ name, target }) => {
  test('is packed with its types, and with its sources in the source map', async () => {
    for (const file of [target.default, target.types]) await access(join(folder, 'package', file))
    const { sources, sourcesContent } = await sourceMapOf(join(folder, 'package', target.default))
    expect(sourcesContent).toHaveLength(sources.length)
    expect(sourcesContent).not.toContain(null)
  })

  test('can be imported and exports something', async () => {
    expect((await load(name)).exported).not.toEqual([])
  })

  test('loads only files of this package and of its runtime dependencies', async () => {
    const { loaded } = await load(name)
    const allowed = [...dependencies, ...(peers[name] ?? [])]
    const ours = [join(folder, 'package/dist'), ...(await withDependencies(allowed))]
    const stubs = Object.keys(FRAMEWORKS).map((file) => `file://${join(folder, 'node_modules', file)}`)
    const foreign = loaded.filter(
      (url) => !url.startsWith('node:') && !stubs.includes(url) && !ours.some((folder) => url.startsWith(`file://${folder}/`)),
    )
    expect(foreign).toEqual([])
  })
})

test('the main entry point loads no store, adapter, channel or database, and no code of watches', async () => {
  const loaded = await loadedSources('sojourn')
  expect(
    loaded.filter((name) =>
      /^src\/(stores|adapters|channels|cli|core\/watch\/watchers|django|sockets|testing)\b|lru-cache|node:(?!crypto|buffer)/.test(name),
    ),
  ).toEqual([])
})

test('the main entry point loads at most 25 files and 292 KB', async () => {
  const { loaded } = await load('sojourn')
  const files = loaded.filter((url) => url.startsWith('file:'))
  const sizes = await Promise.all(files.map(async (url) => (await stat(new URL(url))).size))
  expect(files.length).toBeLessThanOrEqual(25)
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(292 * 1024)
})

test.each(['sojourn/web', 'sojourn/hono', 'sojourn/testing'])(
  '%s loads no store, and only modules of Node that every runtime has',
  async (name) => {
    expect((await loadedSources(name)).filter((each) => /^src\/stores\/|lru-cache|node:(?!crypto|buffer|zlib)/.test(each))).toEqual([])
  },
)

test.each(['sojourn/node', 'sojourn/express', 'sojourn/fastify', 'sojourn/koa'])('%s loads no store', async (name) => {
  expect((await loadedSources(name)).filter((each) => /^src\/stores\/|lru-cache|node:sqlite/.test(each))).toEqual([])
})

test.each(stores)('$name loads no other store', async ({ path, name }) => {
  const loaded = await loadedSources(name)
  const others = stores.filter((store) => store.path !== path).map((store) => `src/${store.path.slice(2)}.ts`)
  expect(loaded.filter((each) => others.includes(each))).toEqual([])
  expect(loaded).toContain(`src/${path.slice(2)}.ts`)
})

test.each([
  ['postgres://u:secret@localhost/d', 'pg'],
  ['mysql://u:secret@localhost/d', 'mysql2'],
  ['rediss://:secret@localhost', 'redis'],
  ['redis+cluster://:secret@localhost', 'redis'],
])('openStore(%s) without its driver names the package and how to install it', async (url, driver) => {
  const script = `import { openStore } from 'sojourn/stores/open'
await openStore('${url}').catch(({ code, message }) => console.log(code, message))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder })
  const scheme = url.slice(0, url.indexOf(':'))
  expect(stdout).toBe(`ERR_SESSION_CONFIG A store with a \`${scheme}:\` URL needs the package \`${driver}\`: npm install ${driver}\n`)
})

test('the installed command `sojourn` runs, and without a driver exits with 2', async () => {
  const bin = join(folder, 'package', manifest.bin.sojourn)
  const store = `sqlite:${join(folder, 'sessions.db')}`
  const { stdout, stderr } = await run(process.execPath, [bin, 'migrate', '--dry-run', '--store', store], { cwd: folder })
  expect([stdout, stderr]).toEqual([expect.stringContaining('CREATE TABLE'), ''])
  const failed = await run(process.execPath, [bin, 'migrate', '--store', 'postgres://localhost/d'], { cwd: folder }).catch((error) => error)
  expect([failed.code, failed.stderr]).toEqual([2, expect.stringMatching(/^sojourn: .* npm install pg\n$/)])
})

test('every runtime dependency has an exact version', () => {
  for (const version of Object.values(manifest.dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})

/** The real path of a dependency, because Node names modules by it. */
function installed(dependency: string): Promise<string> {
  return realpath(join(root, 'node_modules', dependency))
}

/** The folders of these packages and of all that they depend on. */
async function withDependencies(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(
    names.map(async (name) => {
      const path = await installed(name)
      const { dependencies: own = {} } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as { dependencies?: object }
      return [path, ...(await withDependencies(Object.keys(own)))]
    }),
  )
  return found.flat()
}

function nameOf(path: string): string {
  return path.replace('.', 'sojourn')
}

async function load(name: string): Promise<{ readonly loaded: readonly string[]; readonly exported: readonly string[] }> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', probe, name], { cwd: folder })
  return JSON.parse(stdout) as Awaited<ReturnType<typeof load>>
}

/**
 * The modules that importing `name` loads: for files of this package the source files in their
 * source maps, such as `src/stores/memory.ts`, otherwise the URL.
 */
async function loadedSources(name: string): Promise<readonly string[]> {
  const { loaded } = await load(name)
  const dist = `file://${join(folder, 'package/dist')}/`
  return (await Promise.all(loaded.map(async (url) => (url.startsWith(dist) ? sourcesOf(fileURLToPath(url)) : [url])))).flat()
}

async function sourcesOf(file: string): Promise<string[]> {
  const { sources } = await sourceMapOf(file)
  return sources.map((source) => relative(join(folder, 'package'), join(dirname(file), source)))
}

/** Empty for a file that only re-exports, which has no source map. */
async function sourceMapOf(file: string): Promise<{ readonly sources: readonly string[]; readonly sourcesContent: readonly unknown[] }> {
  return JSON.parse(await readFile(`${file}.map`, 'utf8').catch(() => '{ "sources": [], "sourcesContent": [] }'))
}
