import { HOUR } from '../core/base/duration.ts'
import type { Entry, Refused, Replace, Store, Written } from '../core/store/store.ts'

/**
 * The time of the suite. It is after every real clock, so that a server that also reads its own
 * clock deletes nothing.
 */
export const NOW: number = Date.UTC(2100, 0, 1)

export { HOUR }

let count = 0

/** Returns a unique key or version. */
export function fresh(kind: string): string {
  count += 1
  return `${kind}-${count}-${crypto.randomUUID()}`
}

/** Returns an unexpired entry whose fields all differ. `expiresAt` is an hour after `NOW`. */
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

/** Creates a row. Returns its key and entry. */
export async function createRow(store: Store, changes?: Partial<Entry>): Promise<[key: string, entry: Entry]> {
  const [key, entry] = [fresh('key'), sampleEntry(changes)]
  await store.create({ key, entry })
  return [key, entry]
}

/** Replaces a row with a sample entry, at `NOW` by default. */
export function overwrite(store: Store, operation: Omit<Replace, 'entry' | 'now'> & Partial<Replace>): Promise<Written | Refused> {
  return store.replace({ entry: sampleEntry(), now: NOW, ...operation })
}

/** Texts that some stores change or execute. */
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

/** Different texts that a lax comparison treats as equal. */
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
