import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT: string = join(import.meta.dirname, '../..')

/** A fenced ```ts block of a document. */
export interface Example {
  /** The position of its fence: `README.md:11`. */
  readonly place: string
  readonly code: string
}

/** These programs compile without the packages that they are moved from. */
const MOVE = join('docs', 'move', 'other-libraries.md')

/** Returns the ts examples of README.md, the files in docs, and the page on moving from other libraries. */
export function examples(): Example[] {
  const documents = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'))
  return ['README.md', ...documents.map((file) => join('docs', file)), MOVE].flatMap(fenced)
}

function fenced(file: string): Example[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => ({
    place: `${file}:${text.slice(0, match.index).split('\n').length}`,
    code: match[1] ?? '',
  }))
}

/**
 * Returns the example as a module: its imports first, then the rest in a function that may `await`
 * and `return`. A line marked `// does not compile` must not compile.
 */
export function moduleOf({ code }: Example): string {
  const atTop = /^import .*$|^declare module [^]*?^\}$/gm
  const top = code.match(atTop) ?? []
  const body = code.replace(atTop, '').replace(/^(.*\/\/ does not compile)$/gm, '// @ts-expect-error -- marked as such\n$1')
  return [...top, 'export async function example(): Promise<unknown> {', body, 'return undefined', '}', ''].join('\n')
}
