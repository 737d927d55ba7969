import { readFileSync } from 'node:fs'

/**
 * Returns the code of one route, from the line that starts with the call to the line that closes
 * it. Pages show this text, so they show the code that runs.
 */
export function routeSource(file: URL, call: string): string {
  const lines = readFileSync(file, 'utf8').split('\n')
  const first = lines.findIndex((line) => line.trimStart().startsWith(call))
  if (first < 0) throw new Error(`No "${call}" in ${file.pathname}`)
  const indent = indentOf(lines[first] ?? '')
  const last = lines.findIndex((line, index) => index >= first && line.endsWith('})') && indentOf(line) === indent)
  return lines
    .slice(first, last + 1)
    .map((line) => line.slice(indent))
    .join('\n')
}

const indentOf = (line: string): number => line.length - line.trimStart().length

/** Returns the code of the action that a form of the shop posts to. */
export const actionSource = (path: string): string => routeSource(new URL('actions.ts', import.meta.url), `shop.post('${path}'`)
