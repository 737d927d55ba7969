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
  /** The values that old instances wrote. */
  readonly #oldValues: ReadonlySet<string | undefined>

  constructor(visits: readonly Visit[], writes: readonly Write[], hasFaults: boolean) {
    const isMove = visits.some(({ isOld }) => isOld)
    const named = visits.flatMap((visit) => familiesOf(visit.exchange).map((family) => [family, visit] as const))
    const byFamily = Map.groupBy(isMove ? named : [], ([family]) => family)
    this.#hasFaults = hasFaults
    this.#visits = new Map([...byFamily].map(([family, entries]) => [family, entries.map(([, visit]) => visit)]))
    this.#changed = new Map(
      [...Map.groupBy(writes, ({ visit }) => visit)].map(([visit, own]) => [visit, new Set(own.map(({ place }) => propertyOf(place)))]),
    )
    this.#oldValues = new Set(writes.filter(({ visit }) => visit.isOld).map(({ value }) => value))
  }

  /**
   * Whether the reader may find a place as it was before this write, which was acknowledged: with the
   * value of the write `found`, or without one.
   */
  mayUndo(write: Write, reader: Visit, found?: Write): boolean {
    const others = this.#others(write.family, write.visit)
    if (found !== undefined && this.#makesNoDifference(write, found)) return true
    if (this.#isInOtherRow(write, reader)) return true
    if (write.visit.isOld) return others.some((other) => overlap(other, write.visit)) || this.#mayArriveLate(others, write.visit)
    if (reader.isOld) return this.#mayLack(others, write.visit, reader)
    return others.some(
      (other) =>
        other.isOld &&
        other.exchange.ended > write.exchange.began &&
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
   * Whether an old instance deletes what an old instance has set in a row without `found`, a value of
   * a new instance that it never saw. Both changes together are no difference from the row that new
   * instances know, so that neither is imported.
   */
  #makesNoDifference({ value, place, family, visit }: Write, found: Write): boolean {
    const seen = visit.report?.seen.get(place)
    if (value !== undefined || !visit.isOld || found.visit.isOld || seen === found.value) return false
    const isOldValue = seen === undefined || this.#oldValues.has(seen)
    return isOldValue && this.#mayLack(this.#others(family, found.visit), found.visit, visit)
  }

  /**
   * Whether the reader reads another old row than this write left. The row of an id that a login has
   * replaced is destroyed, and a request of an old instance that was running then creates it again.
   * Only old instances accept that id, and what they write under it is not imported.
   */
  #isInOtherRow({ family, visit }: Write, reader: Visit): boolean {
    const { cookie, setCookie = '' } = visit.exchange
    const left = setCookie === '' ? cookie : setCookie
    const read = reader.exchange.cookie
    if (left === read) return false
    const visits = this.#visits.get(family ?? '') ?? []
    if (reader.isOld && this.#mayBeRevived(visits, read)) return true
    return visit.isOld && (this.#mayBeRevived(visits, left) || loginsOf(visits, left).some((login) => overlap(login, visit)))
  }

  /** Whether the row of an id may exist after a login has replaced the id. */
  #mayBeRevived(visits: readonly Visit[], id: string | undefined): boolean {
    const users = visits.filter(({ exchange: { cookie } }) => cookie === id)
    return loginsOf(visits, id).some(
      (login) => users.some((user) => user.isOld && overlap(user, login)) || this.#mayArriveLate(users, login),
    )
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

/** The requests that replaced an id by another one of the session. */
function loginsOf(visits: readonly Visit[], id: string | undefined): Visit[] {
  return visits.filter(({ exchange: { cookie, setCookie = '' } }) => cookie === id && setCookie !== '' && setCookie !== id)
}

function familiesOf({ cookie, setCookie }: Exchange): string[] {
  const cookies = [cookie, setCookie].filter((text) => text !== undefined && text !== '') as string[]
  return [...new Set(cookies.map(familyOf))]
}

/** The property of a place, such as `flash` of `flash.x`. */
function propertyOf(place: string): string {
  return place.split('.')[0] as string
}
