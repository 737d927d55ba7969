// The ids of a session in the small library.
import type { Flaw } from './small-library.ts'
import type { Row } from './small-rows.ts'

export interface IdRules {
  readonly flaw: Flaw
  /** The age at which ids are replaced. */
  readonly maxIdAge: number | undefined
  readonly now: () => number
}

/** A write to a session that exists. */
interface IdWrite {
  readonly before: Row
  /** The id of the request. */
  readonly id: string
  /** Its id after the write. */
  readonly newId: string
  readonly session: { readonly user: string | undefined; readonly cycled: boolean; readonly renewsId: boolean }
}

type Ids = Pick<Row, 'secret' | 'idAt' | 'others' | 'from'>

/** For so long all ids of a session are valid; then the first one that is used becomes the only one. */
const SEVERAL_IDS = 120_000

/** Other new ids than that of a login leave the ids of parallel logins valid. */
const KEEPS_IDS: ReadonlySet<Flaw> = new Set([
  'cycleId that keeps the ids of parallel logins',
  'reauthentication that keeps the ids of parallel logins',
])

const KEEPS_IDS_LONGER: ReadonlySet<Flaw> = new Set(['ids of parallel logins that stay valid', 'renewal that keeps the id before'])

/** The valid ids after a write. */
export function idsAfter({ before, id, newId, session: { user, cycled, renewsId } }: IdWrite, rules: IdRules): Ids {
  const { flaw, now } = rules
  const { secret, idAt, others, from } = before
  if (renewsId && !isValid(before, id)) {
    const both = [[secret, idAt] as const, ...others].slice(0, 3)
    return { secret: newId, idAt: now(), others: flaw === 'login that joins and ends the other id' ? [] : both, from }
  }
  if (renewsId) {
    const isLogin = user !== undefined && !cycled
    const kept = isLogin ? flaw === 'login that keeps the id before a renewal' : KEEPS_IDS.has(flaw)
    return { secret: newId, idAt: now(), others: kept ? others : [], from: isLogin ? [id, now()] : undefined }
  }
  if (newId !== id) return { secret: newId, idAt: now(), others: othersAfterRenewal(before, id, flaw), from: undefined }
  if (!isOverlapOver(before, rules)) return { secret, idAt, others, from }
  return { secret: id, idAt: createdAt(before, id), others: [], from: undefined }
}

function othersAfterRenewal(before: Row, id: string, flaw: Flaw): Row['others'] {
  if (flaw === 'renewal that ends the id before') return []
  const all = [[before.secret, before.idAt] as const, ...before.others]
  return flaw === 'renewal that keeps all ids' ? all : all.filter(([each]) => each === id)
}

/** Whether the next id that is used becomes the only one. */
export function isOverlapOver({ idAt, others }: Row, { flaw, now }: IdRules): boolean {
  return others.length > 0 && now() - idAt >= SEVERAL_IDS && !KEEPS_IDS_LONGER.has(flaw)
}

/** Whether the next write replaces the id because of its age. */
export function isIdTooOld(row: Row, id: string, { flaw, maxIdAge, now }: IdRules): boolean {
  if (maxIdAge === undefined) return false
  if (now() - row.idAt < SEVERAL_IDS && flaw !== 'renewal by the age of the presented id alone') return false
  return now() - createdAt(row, id) >= (flaw === 'renewal of a young id' ? maxIdAge / 3 : maxIdAge)
}

function createdAt({ idAt, others }: Row, id: string): number {
  return others.find(([other]) => other === id)?.[1] ?? idAt
}

/** Deletes a session. The flaw: one that has a second id continues under it. */
export function endSession(rows: Map<string, Row>, key: string, leavesOtherId: boolean): void {
  const row = rows.get(key)
  const [other] = row?.others ?? []
  if (row === undefined || other === undefined || !leavesOtherId) rows.delete(key)
  else rows.set(key, { ...row, secret: other[0], idAt: other[1], others: [], version: row.version + 1 })
}

export function isValid({ secret, others }: Row, id: string): boolean {
  return secret === id || others.some(([other]) => other === id)
}
