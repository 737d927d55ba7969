import { InvalidArgumentError } from 'commander'

/** The headers of a request that is explained. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** The options of `sojourn explain`, except those of the source. */
export interface ExplainCommandOptions {
  readonly url?: string
  readonly header: HeaderLines
  readonly json?: boolean
}

/** Parses `name: value` and adds it to the headers before it. */
export function parseHeader(line: string, before: HeaderLines): HeaderLines {
  const [, name = '', value = ''] = /^([\w-]+):\s*(.*)$/.exec(line) ?? []
  if (name === '') throw new InvalidArgumentError("Give a header such as 'x-forwarded-proto: https'.")
  return [...before, [name, value]]
}
