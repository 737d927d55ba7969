import type { Texts } from '../../core/config/profile.ts'
import { BRIDGE } from '../values/names.ts'
import { type BridgeRecord, type ComparedRow, hashesOf } from './bridge-record.ts'
import { type Hashes, type Mark, type OldRow, type OldSession, toPlain, withMark } from './old-row.ts'

/** How the sessions of the manager are stored. */
export interface SessionFormat {
  /** The properties in the payload of an entry; `undefined` if it is unreadable. */
  decode(payload: string): Texts | undefined
  /**
   * The properties of a session with this row. Reserved properties that no row contains are those
   * of `before`.
   */
  textsOf(row: OldRow, before: Texts): Texts
  /** The row of a session, whose cookie expires when it would if it were sent now. */
  rowOf(texts: Texts): OldRow
}

/** Converts between the properties of sessions and the rows of the old store. */
export class RowFormat {
  readonly #format: SessionFormat

  constructor(format: SessionFormat) {
    this.#format = format
  }

  decode(payload: string): Texts | undefined {
    return this.#format.decode(payload)
  }

  /** The properties of a session that is a copy of an old row. */
  copyOf({ row }: OldSession, record: BridgeRecord): Texts {
    return this.withRecord(this.#format.textsOf(row, new Map()), record)
  }

  rowOf(texts: Texts): OldRow {
    return this.#format.rowOf(texts)
  }

  markedRowOf(texts: Texts, mark: Mark): OldRow {
    return withMark(this.rowOf(texts), mark)
  }

  hashesOf(texts: Texts): Hashes {
    return hashesOf(comparedMembers(this.rowOf(texts)))
  }

  compared(old: OldSession): ComparedRow {
    return { mark: old.mark, hashes: hashesOf(comparedMembers(old.row)) }
  }

  recordOf(texts: Texts): BridgeRecord | undefined {
    const text = texts.get(BRIDGE)
    return text === undefined ? undefined : (JSON.parse(text) as BridgeRecord)
  }

  /** The properties with another record. */
  withRecord(texts: Texts, record: BridgeRecord): Texts {
    return new Map([...texts, [BRIDGE, JSON.stringify(record)]])
  }

  /** The properties of a session after these members of its row became those of the old row. */
  withChanges(texts: Texts, old: OldRow, changed: readonly string[], record: BridgeRecord): Texts {
    const row: Record<string, unknown> = { ...this.rowOf(texts) }
    for (const name of changed) {
      if (Object.hasOwn(old, name)) define(row, name, old[name])
      else delete row[name]
    }
    return this.withRecord(this.#format.textsOf(row as OldRow, texts), record)
  }
}

/** The members of a row of which each is compared: all but the time when the cookie expires. */
function comparedMembers({ cookie, ...properties }: OldRow): (readonly [string, unknown])[] {
  const { originalMaxAge = null } = toPlain(cookie)
  return [...Object.entries(properties), ['cookie', originalMaxAge]]
}

/** Assigns a member, also one of the name `__proto__`. */
function define(row: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true })
}
