import { constantTimeEqual } from '../../wire/constant-time-equal.ts'
import { FROM, OTHERS } from '../base/reserved.ts'
import type { Parse, RuleContext, Texts } from '../config/profile.ts'
import type { Identity } from '../store/id.ts'
import type { Entry } from '../store/store.ts'
import type { Values } from '../values/values.ts'
import { type Intent, isOtherNewId, userOf } from './intent.ts'
import { highest, isLevels, type Levels, newestLevels, withLevels } from './login-facts.ts'
import type { Merged } from './merge.ts'

// A session may have several ids for two minutes. Parallel logins of one user, such as a double click
// on "Log in", get one session: a login that presents the id which the session's login just replaced
// joins that session. Each response has another id, and all of them are valid, because the browser
// may keep any of them. An id that is replaced because of its age (option `cycleId`) stays valid in
// the same way, for requests in flight and for a response that is lost.

/** How long after its replacement requests with an id may still arrive, in milliseconds. */
const OVERLAP = 60_000

/** Other ids than the newest are valid for the overlap, and a minute by which clocks may differ. */
const VALID = OVERLAP + 60_000

const MAX_OTHERS = 3

/**
 * The proof of an id, when it was created or replaced, and the levels that were proved under it.
 */
type DatedProof = readonly [proof: string, at: number, levels?: Levels]

/**
 * The status of an id that is not the newest of its session: one of its `overlapping` ids, which
 * are as valid as the newest, or one that was replaced, possibly a moment ago.
 */
export type Standing = 'overlapping' | 'just-replaced' | 'replaced'

/** The standing of an id whose proof is not the entry's. `texts`: `undefined` where unreadable. */
export function standingOf(proof: string, entry: Entry, texts: Texts | undefined, now: number, parse: Parse): Standing {
  const others = texts === undefined ? [] : othersIn(texts, parse)
  if (others.some((other) => isOf(other, proof))) return 'overlapping'
  // After a renewal because of its age, the replaced id is among the others, and no older one counts.
  if (texts !== undefined && others.length > 0 && fromIn(texts, parse) === undefined) return 'replaced'
  return now - entry.idAt < OVERLAP ? 'just-replaced' : 'replaced'
}

/** Whether the next id that is used becomes the only one. */
export function isOverlapOver(entry: Entry, texts: Texts, now: number, parse: Parse): boolean {
  return now - entry.idAt >= VALID && othersIn(texts, parse).length > 0
}

/**
 * Whether the id with this proof is so old that the next response replaces it (option `cycleId`).
 * Not before the last replacement is over, so requests in flight do not replace it once more.
 */
export function isIdTooOld(proof: string, entry: Entry, texts: Texts, now: number, { lifetime, parse }: RuleContext): boolean {
  if (lifetime.maxIdAge === undefined || now - entry.idAt < VALID) return false
  const other = isOf([entry.proof, 0], proof) ? undefined : othersIn(texts, parse).find((each) => isOf(each, proof))
  return now - (other?.[1] ?? entry.idAt) >= lifetime.maxIdAge
}

/**
 * Whether changes join a session instead of starting one, if they were made under an id that is no
 * longer valid: they log in the session's user with the session's level, and the id is the one that
 * the session's login replaced a moment ago.
 */
export function mayJoin(proof: string, intents: readonly Intent[], texts: Texts, now: number, context: RuleContext): boolean {
  const from = fromIn(texts, context.parse)
  if (from === undefined || !isOf(from, proof) || now - from[1] >= OVERLAP) return false
  const { user: userName } = context.profile.names
  const user = userOf(texts, context)
  const logins = intents.filter((intent) => intent.kind === 'login')
  const isOfUser = logins.every(({ text }) => userOf(new Map([[userName, text]]), context) === user)
  const level = highest(newestLevels(texts, context.parse))
  const isOfLevel = logins.every(({ proof }) => (proof?.level ?? 0) === level)
  return logins.length > 0 && isOfUser && isOfLevel && !intents.some((intent) => isOtherNewId(intent, userName))
}

/**
 * The changes of a request that saw no session, on the session that it joins: they add to it, and
 * remove and replace nothing.
 */
export function additive(intents: readonly Intent[]): Intent[] {
  return intents.flatMap((intent): Intent[] => {
    switch (intent.kind) {
      case 'set':
      case 'mutate':
        return [{ ...intent, kind: 'setIfAbsent' }]
      case 'remove':
      case 'claim':
      case 'consume':
      case 'clear':
        return []
      default:
        return [intent]
    }
  })
}

/** A write to a session that exists. */
export interface SessionWrite {
  readonly before: Entry
  /** The properties before the write. */
  readonly base: Texts
  readonly merged: Merged
  /** The id that the request has before the write. */
  readonly presented: Identity
  /** The id that the request has after the write: the presented one, or a new one. */
  readonly identity: Identity
  readonly joins: boolean
  /** The presented id is replaced because of its age, and stays valid next to the new one. */
  readonly isCycled: boolean
  readonly now: number
}

/** The newest id of a session after a write, and its properties with the other ids. */
export interface IdsAfterWrite {
  readonly proof: string
  readonly idAt: number
  readonly texts: Texts
}

/**
 * Decides which ids are valid after a write. Uses the state that is replaced, so a replayed write
 * does not end an overlap that another request started.
 */
export function idsAfter(write: SessionWrite, values: Values): IdsAfterWrite {
  const { before, base, merged, identity, isCycled, now } = write
  if (isCycled) return { proof: identity.proof, idAt: now, texts: withNextId(write, values) }
  if (merged.newId) return { proof: identity.proof, idAt: now, texts: withNewId(write, values) }
  const others = base.has(OTHERS) ? othersIn(base, values.parse) : []
  const newest = { proof: before.proof, idAt: before.idAt }
  if (others.length === 0) return { ...newest, texts: merged.texts }
  if (now - before.idAt >= VALID) {
    const other = others.find((each) => isOf(each, identity.proof))
    const texts = withIds(merged.texts, [], undefined, values)
    if (other === undefined) return { ...newest, texts }
    return { proof: other[0], idAt: other[1], texts: withLevels(texts, other[2] ?? {}, values.parse, values.printValue) }
  }
  // A `clear` removes properties, and the ids stay valid.
  return { ...newest, texts: withIds(merged.texts, others, fromIn(base, values.parse), values) }
}

/**
 * A new id ends all others, except that of a login that joins, which makes the newest one of them.
 */
function withNewId(write: SessionWrite, values: Values): Texts {
  const { before, base, merged, presented, joins, now } = write
  if (!joins) return withIds(withOwnLevels(write, values), [], isPlainLogin(merged) ? [presented.proof, now] : undefined, values)
  const { parse } = values
  const others: DatedProof[] = [[before.proof, before.idAt, newestLevels(base, parse)], ...othersIn(base, parse)]
  return withIds(merged.texts, others.slice(0, MAX_OTHERS), fromIn(base, values.parse), values)
}

/** Of the ids before, only the presented one stays valid. Its levels are those of the new id. */
function withNextId({ before, base, merged, presented }: SessionWrite, values: Values): Texts {
  const { parse } = values
  const known = othersIn(base, parse).find((each) => isOf(each, presented.proof))
  const other = known ?? ([before.proof, before.idAt, newestLevels(base, parse)] as const)
  const texts = known === undefined ? merged.texts : withLevels(merged.texts, known[2] ?? {}, parse, values.printValue)
  return withIds(texts, [other], undefined, values)
}

/**
 * A new id has the levels of the presented one, not those of another id that a second factor
 * proved.
 */
function withOwnLevels({ base, merged, presented }: SessionWrite, values: Values): Texts {
  const other = merged.loggedIn ? undefined : othersIn(base, values.parse).find((each) => isOf(each, presented.proof))
  if (other === undefined) return merged.texts
  return withLevels(merged.texts, { ...other[2], ...merged.confirmed }, values.parse, values.printValue)
}

/** The proofs of the ids that are valid next to the newest one. */
export function validProofs(texts: Texts, parse: Parse): readonly string[] {
  return othersIn(texts, parse).map(([proof]) => proof)
}

/** The levels that were proved under an id of the session. */
export function levelsUnder(proof: string, texts: Texts, parse: Parse): Levels {
  const other = othersIn(texts, parse).find((each) => isOf(each, proof))
  return other === undefined ? newestLevels(texts, parse) : (other[2] ?? {})
}

/** A login that parallel logins may join. */
function isPlainLogin({ loggedIn, cycled, otherUser }: Merged): boolean {
  return loggedIn && !cycled && !otherUser
}

function withIds(texts: Texts, others: readonly DatedProof[], from: DatedProof | undefined, values: Values): Texts {
  const stamped = new Map(texts)
  if (others.length > 0) stamped.set(OTHERS, values.print(OTHERS, others))
  else stamped.delete(OTHERS)
  if (from === undefined) stamped.delete(FROM)
  else stamped.set(FROM, values.print(FROM, from))
  return stamped
}

function othersIn(texts: Texts, parse: Parse): readonly DatedProof[] {
  const others = read(texts, OTHERS, parse)
  return Array.isArray(others) ? others.filter(isDatedProof) : []
}

function fromIn(texts: Texts, parse: Parse): DatedProof | undefined {
  const from = read(texts, FROM, parse)
  return isDatedProof(from) ? from : undefined
}

/**
 * A value that is not of the right form counts as absent, because other programs can change rows.
 */
function read(texts: Texts, name: string, parse: Parse): unknown {
  const text = texts.get(name)
  try {
    return text === undefined ? undefined : parse(text)
  } catch {
    return undefined
  }
}

function isDatedProof(value: unknown): value is DatedProof {
  if (!Array.isArray(value)) return false
  const [proof, at, levels] = value as readonly unknown[]
  return typeof proof === 'string' && typeof at === 'number' && (levels === undefined || isLevels(levels))
}

function isOf([known]: DatedProof, proof: string): boolean {
  return constantTimeEqual(known, proof)
}
