import { readFileSync } from 'node:fs'

/**
 * The code of one route, as it stands in its file: from the line that begins with the call to the line that closes it. What a page shows
 * is therefore what runs.
 */
export function routeSource(file: URL, call: string): string {
  const source = readFileSync(file, 'utf8').split('\n')
  const first = source.findIndex((line) => line.trimStart().startsWith(call))
  if (first < 0) throw new Error(`No "${call}" in ${file.pathname}`)
  const indent = indentOf(source[first] ?? '')
  const last = source.findIndex((line, at) => at >= first && line.endsWith('})') && indentOf(line) === indent)
  return source
    .slice(first, last + 1)
    .map((line) => line.slice(indent))
    .join('\n')
}

const indentOf = (line: string): number => line.length - line.trimStart().length

/** The code behind a form of the shop, by the form's own address. */
export const actionSource = (path: string): string => routeSource(new URL('actions.ts', import.meta.url), `shop.post('${path}'`)
