import type { Entry } from '../core/store/store.ts'

/** The instant at which the suite plays: ahead of every real clock, so that a server which also looks at its own drops nothing. */
export const NOW: number = Date.UTC(2100, 0, 1)

export const HOUR = 3_600_000

let count = 0

/** A key or a version that nobody had before. */
export function fresh(kind: string): string {
  count += 1
  return `${kind}-${count}-${crypto.randomUUID()}`
}

/** A live entry, all of its fields told apart; `expiresAt` is an hour after `NOW`. */
export function sampleEntry(changes: Partial<Entry> = {}): Entry {
  return {
    payload: `{"cart":[{"sku":7,"n":2}],\n"visit":${count}}`,
    proof: fresh('proof'),
    idAt: NOW - 3,
    version: fresh('version'),
    commits: '[["manager","nonce",1]]',
    createdAt: NOW - 2,
    seenAt: NOW - 1,
    expiresAt: NOW + HOUR,
    ...changes,
  }
}

/** Texts that stores have been seen to cut, fold, trim, normalise or run. */
export const TRICKY_TEXTS: readonly string[] = [
  '',
  ' ',
  '{}',
  ' leading and trailing ',
  'tab\tnewline\nreturn\r\nvertical\vfeed\f',
  `single ' double " backtick \` backslash \\ slash / both \\' \\" \\\\`,
  "'; DROP TABLE sessions; --",
  '$1 ?1 :name @name %s %_ ${x} {{x}}',
  '\\u0000 \\ud800 \\udfff escaped, as JSON has them',
  'four bytes 😀𝒳🏴󠁧󠁢󠁥󠁮󠁧󠁿, \uffff, \ufeff in the middle',
  '\ufeffa mark of byte order in front',
  'combined \u00e9, combining e\u0301, \u212b and \u00c5, ﬁ ligature',
  '\u0001 \u001f \u007f \u0085 \u2028 \u2029 controls',
  'null',
  '0',
  '1e999',
  'İstanbul ıi ẞß',
]

/** Texts that are different, however alike a careless comparison finds them. */
export const ALIKE_TEXTS: readonly string[] = [
  'alike',
  'Alike',
  'ALIKE',
  'alike ',
  ' alike',
  'alike\t',
  'alik',
  'alik_',
  'ali%',
  'alike*',
  'alíke',
  'ali\u0301ke',
  'ａlike',
  'alıke',
  'alike😀',
]
