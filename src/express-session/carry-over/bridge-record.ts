import { sha256 } from '../../core/store/id.ts'
import { type Hashes, isObject, type Mark } from './old-row.ts'

/**
 * What sojourn's row records about the row of the same session in the old store. An old row is
 * compared with what was written there, never with sojourn's row: the two rows also differ while a
 * copy is late.
 */
export interface BridgeRecord {
  /**
   * The proof of the id of which this is the record. With a new id the session has another old row.
   */
  readonly proof: string
  /**
   * When an instance without the bridge took the session over, in epoch milliseconds. The old row
   * is then no longer used, and may be destroyed shortly after.
   */
  readonly taken?: number
  /**
   * Set once the old store is known to have the row. If it is missing later, an old instance ended
   * the session. Differs for every time that the old row was created.
   */
  readonly written?: string
  /** The properties that were carried over from a row without a mark. */
  readonly copied: Hashes
  /**
   * For each property the last import: the mark of the row and the hash; no hash if it was deleted.
   */
  readonly imports: Readonly<Record<string, readonly [mark: string, hash?: string]>>
}

/** The record of a session that the old store does not have. */
export function emptyRecord(proof: string): BridgeRecord {
  return { proof, copied: {}, imports: {} }
}

/** What has to be done so that both rows are equal. */
export type Comparison =
  | { readonly do: 'nothing' }
  /** An old instance ended the session. */
  | { readonly do: 'end' }
  /**
   * Old instances changed or deleted these properties. `record` is that of the session with the
   * changes.
   */
  | { readonly do: 'import'; readonly changed: readonly string[]; readonly record: BridgeRecord }
  /** The old row is missing or out of date. */
  | { readonly do: 'write' }

/** A row of the old store, as far as it is compared. */
export interface ComparedRow {
  readonly mark: Mark | undefined
  readonly hashes: Hashes
}

/**
 * Compares the row of a session in the old store with the record in sojourn's row, whose properties
 * have the hashes `current`. Pure.
 *
 * A property of which the record has an import from a row with the same mark is compared with that
 * import, and otherwise with the mark. So a difference is imported once, regardless of which
 * request reads the old row and of how often its next write fails.
 */
export function compare(record: BridgeRecord, current: Hashes, old: ComparedRow | undefined): Comparison {
  if (record.taken !== undefined) return { do: 'write' }
  if (old === undefined) return { do: record.written === undefined ? 'write' : 'end' }
  const id = old.mark?.id ?? ''
  const base = old.mark?.hashes ?? record.copied
  const changed = [...new Set([...Object.keys(old.hashes), ...Object.keys(base), ...Object.keys(record.imports)])].filter(
    (name) => own(old.hashes, name) !== knownHash(record, id, base, name),
  )
  if (changed.length > 0 || record.written === undefined)
    return { do: 'import', changed, record: withImports(record, id, old.hashes, changed) }
  return { do: isEqual(old.hashes, current) ? 'nothing' : 'write' }
}

/**
 * The hash of a property that was written to the old row with the mark `id`, or last imported from
 * there.
 */
function knownHash({ imports }: BridgeRecord, id: string, base: Hashes, name: string): string | undefined {
  const last = own(imports, name)
  return last?.[0] === id ? last[1] : own(base, name)
}

function withImports(record: BridgeRecord, id: string, hashes: Hashes, changed: readonly string[]): BridgeRecord {
  const imports = changed.map((name): [string, BridgeRecord['imports'][string]] => {
    const hash = own(hashes, name)
    return [name, hash === undefined ? [id] : [id, hash]]
  })
  return { ...record, written: record.written ?? `found ${id}`, imports: { ...record.imports, ...Object.fromEntries(imports) } }
}

/**
 * The record of a session that was carried over from an old row. `written` is a new random text.
 * The row can have the mark of another session, from which an old instance copied its properties.
 */
export function recordOfCopy({ mark, hashes }: ComparedRow, proof: string, written: string): BridgeRecord {
  const record: BridgeRecord = { proof, written, copied: mark === undefined ? hashes : {}, imports: {} }
  const comparison = compare(record, hashes, { mark, hashes })
  return comparison.do === 'import' ? comparison.record : record
}

/** The hashes of the properties of a row. Rows of equal content have equal hashes. */
export function hashesOf(properties: Iterable<readonly [name: string, value: unknown]>): Hashes {
  return Object.fromEntries([...properties].map(([name, value]) => [name, sha256(canonicalText(value)).slice(0, HASH_LENGTH)]))
}

/**
 * 66 bits: a property is compared with two other texts, and a collision is of no use to an
 * attacker.
 */
const HASH_LENGTH = 11

/** JSON with sorted members, because databases with a type for JSON do not keep their order. */
function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isObject(member) ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))) : member,
  )
}

export function isEqual(a: Hashes, b: Hashes): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => own(b, name) === a[name])
}

/** The names are those of visitors' properties, so `constructor` is one like every other. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
