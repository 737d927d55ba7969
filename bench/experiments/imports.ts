import { execFileSync } from 'node:child_process'
import { min } from 'simple-statistics'

/** The cost of an import. */
export interface ImportCost {
  readonly name: string
  readonly milliseconds: number
  /** The number of loaded files except Node's, and their size. */
  readonly files: number
  readonly bytes: number
}

const MODULES = [
  'node:http', // used by every adapter for Node, and loaded by every server
  'sojourn',
  'sojourn/express',
  'sojourn/stores/memory',
  'sojourn/stores/sqlite',
  'sojourn/stores/redis',
  'sojourn/stores/postgres',
  'express-session',
  '@fastify/session',
  'koa-session',
  'iron-session',
]
const REPETITIONS = 11

const TIME_SCRIPT = `
const begin = performance.now()
await import(process.argv[1])
console.log(performance.now() - begin)`

const SIZE_SCRIPT = `
import { registerHooks } from 'node:module'
import { statSync } from 'node:fs'
const sizes = []
registerHooks({ load(url, context, next) {
  if (url.startsWith('file:')) sizes.push(statSync(new URL(url)).size)
  return next(url, context)
} })
await import(process.argv[1])
console.log(JSON.stringify({ files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }))`

/**
 * Measures each import in a new process. The fastest of several runs counts, because disturbances
 * only slow an import down.
 */
export function measureImports(): readonly ImportCost[] {
  return MODULES.map((name) => {
    const times = Array.from({ length: REPETITIONS }, () => Number(run(TIME_SCRIPT, name)))
    return { name, milliseconds: min(times), ...(JSON.parse(run(SIZE_SCRIPT, name)) as Pick<ImportCost, 'files' | 'bytes'>) }
  })
}

function run(script: string, name: string): string {
  return execFileSync(process.execPath, ['--input-type=module', '--eval', script, name], { cwd: import.meta.dirname, encoding: 'utf8' })
}
