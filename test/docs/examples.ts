import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

/** A fenced ```ts block of a document. */
export interface Example {
  /** Where its fence stands: `README.md:11`. */
  readonly place: string
  readonly code: string
}

/** Every example of README.md and docs. Shell, tables and diagrams are none. */
export function examples(): Example[] {
  const documents = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'))
  return ['README.md', ...documents.map((file) => join('docs', file))].flatMap(fenced)
}

function fenced(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => ({
    place: `${file}:${text.slice(0, match.index).split('\n').length}`,
    code: match[1] ?? '',
  }))
}

/**
 * The example as a module: its imports first, then everything else in a function that may `await` and `return`. Lines said not to compile
 * must not.
 */
export function moduleOf({ code }: Example): string {
  const atTop = /^import .*$|^declare module [^]*?^\}$/gm
  const top = code.match(atTop) ?? []
  const body = code.replace(atTop, '').replace(/^(.*\/\/ does not compile)$/gm, '// @ts-expect-error -- it says so\n$1')
  return [...top, 'export async function example(): Promise<unknown> {', body, 'return undefined', '}', ''].join('\n')
}
