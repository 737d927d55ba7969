import type { Exchange } from '../checks/history.ts'
import { familyOf, type Visit, type Write } from './visits.ts'

/**
 * What express-session may do to the changes of requests that run at the same time, because it saves
 * whole sessions. Everything else is promised: nothing is excused without an old instance.
 *
 * The row of the old store may lack a change of a new instance only while a request that runs at the
 * same time has not finished.
 */
export class OldInstances {
  readonly #hasFaults: boolean
  /** The requests of each session. Empty if no instance is old. */
  readonly #visits: ReadonlyMap<string, readonly Visit[]>
  /** The properties that a request changed. */
  readonly #changed: ReadonlyMap<Visit, ReadonlySet<string>>

  constructor(visits: readonly Visit[], writes: readonly Write[], hasFaults: boolean) {
    const isMove = visits.some(({ isOld }) => isOld)
    const named = visits.flatMap((visit) => familiesOf(visit.exchange).map((family) => [family, visit] as const))
    const byFamily = Map.groupBy(isMove ? named : [], ([family]) => family)
    this.#hasFaults = hasFaults
    this.#visits = new Map([...byFamily].map(([family, entries]) => [family, entries.map(([, visit]) => visit)]))
    this.#changed = new Map(
      [...Map.groupBy(writes, ({ visit }) => visit)].map(([visit, own]) => [visit, new Set(own.map(({ place }) => propertyOf(place)))]),
    )
  }

  /**
   * Whether the reader may find a place as it was before this write, which was acknowledged. A write
   * of an old instance that did not see `value` does not replace it, because only its difference from
   * what new instances have written is imported.
   */
  mayUndo(write: Write, reader: Visit, value?: string): boolean {
    if (write.visit.isOld && value !== undefined && write.visit.report?.seen.get(write.place) !== value) return true
    const others = this.#others(write.family, write.visit)
    if ((write.visit.isOld || reader.isOld) && this.#hasOtherRow(others, write.visit, reader)) return true
    if (write.visit.isOld) return others.some((other) => overlap(other, write.visit)) || this.#mayArriveLate(others, write.visit)
    if (reader.isOld) return this.#mayLack(others, write.visit, reader)
    return others.some(
      (other) =>
        other.isOld &&
        // With faults, a change of an old instance can be imported later.
        (this.#hasFaults || other.exchange.ended > write.exchange.began) &&
        this.#mayChange(other, others, propertyOf(write.place)) &&
        this.#mayLack(others, write.visit, other),
    )
  }

  /** Whether a request may find a session after this end of it. */
  mayRevive(end: Visit, reader: Visit): boolean {
    const others = familiesOf(end.exchange).flatMap((family) => this.#others(family, end))
    if (!end.isOld) return reader.isOld && this.#mayLack(others, end, reader)
    return others.some((other) => overlap(other, end)) || this.#mayArriveLate(others, end)
  }

  /** Whether a request of an old instance changes a property, or undoes the change of another one. */
  #mayChange(old: Visit, others: readonly Visit[], property: string): boolean {
    const changes = (visit: Visit): boolean => this.#changed.get(visit)?.has(property) === true
    return changes(old) || others.some((other) => other.isOld && changes(other) && overlap(other, old))
  }

  /** Whether an old instance may have read a row as it was before a request of a new one. */
  #mayLack(others: readonly Visit[], writer: Visit, old: Visit): boolean {
    if (this.#hasFaults) return true
    const mayRead = (reader: Visit): boolean =>
      overlap(reader, writer) ||
      others.some((other) => !other.isOld && overlap(other, writer) && other.exchange.ended > reader.exchange.began)
    return mayRead(old) || others.some((other) => other.isOld && other.exchange.began < old.exchange.ended && mayRead(other))
  }

  /**
   * Whether a request reads another old row than this one wrote. The row of an id that a login has
   * replaced can be alive for old instances, and the row of the new id has what was saved before the
   * login.
   */
  #hasOtherRow(others: readonly Visit[], { exchange: writer }: Visit, { exchange: { cookie } }: Visit): boolean {
    const { setCookie = '' } = writer
    if ((setCookie === '' ? writer.cookie : setCookie) === cookie) return false
    const issuer = others.find(({ exchange }) => exchange.setCookie === cookie)
    return (issuer?.exchange.began ?? 0) < writer.ended
  }

  /** Whether a write of the old row that a failed request gave up may arrive after this request. */
  #mayArriveLate(others: readonly Visit[], { exchange: { ended } }: Visit): boolean {
    return this.#hasFaults && others.some(({ exchange, isOld }) => !isOld && exchange.code !== undefined && exchange.began < ended)
  }

  #others(family: string | undefined, visit: Visit): readonly Visit[] {
    return (this.#visits.get(family ?? '') ?? []).filter((other) => other !== visit)
  }
}

function overlap({ exchange: a }: Visit, { exchange: b }: Visit): boolean {
  return a.began < b.ended && b.began < a.ended
}

function familiesOf({ cookie, setCookie }: Exchange): string[] {
  const cookies = [cookie, setCookie].filter((text) => text !== undefined && text !== '') as string[]
  return [...new Set(cookies.map(familyOf))]
}

/** The property of a place, such as `flash` of `flash.x`. */
function propertyOf(place: string): string {
  return place.split('.')[0] as string
}
