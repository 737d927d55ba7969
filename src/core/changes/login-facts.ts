import { LOGIN } from '../base/reserved.ts'
import type { MergeContext, Parse, Texts } from '../config/profile.ts'

/** When each level was last proved, in epoch milliseconds. */
export type Levels = Readonly<Record<string, number>>

/** What an application establishes by a login. */
export interface LoginProof {
  readonly level: number
  /** When the user authenticated, in epoch milliseconds. */
  readonly at: number
  readonly device?: string | undefined
}

/**
 * The property `LOGIN`. It is a property and not a column, so that it needs no migration and is
 * merged like every other property.
 */
interface LoginFacts {
  /** The user that the facts describe. */
  readonly user: string
  /** The levels that were proved under the newest id. */
  readonly at: Levels
  readonly device?: string | undefined
}

/**
 * The facts about the login of a user; `undefined` if there are none, or they describe another one.
 */
export function factsOf(user: string, texts: Texts, parse: Parse): LoginFacts | undefined {
  const facts = readFacts(texts, parse)
  return facts?.user === user ? facts : undefined
}

/** The levels that were proved under the newest id. */
export function newestLevels(texts: Texts, parse: Parse): Levels {
  return readFacts(texts, parse)?.at ?? {}
}

/** The highest of these levels; 0 if there is none. */
export function highest(levels: Levels): number {
  return Math.max(0, ...Object.keys(levels).map(Number))
}

/** When this level or a higher one was last proved; `undefined` if it was not. */
export function lastProof(levels: Levels, level: number): number | undefined {
  const times = Object.entries(levels).flatMap(([proved, at]) => (Number(proved) >= level ? [at] : []))
  return times.length === 0 ? undefined : Math.max(...times)
}

/** Records a login. The device is kept if the same user logs in again without naming one. */
export function putLogin(texts: Map<string, string>, user: string, proof: LoginProof | undefined, context: MergeContext): void {
  const device = proof?.device ?? factsOf(user, texts, context.parse)?.device
  if (proof === undefined) texts.delete(LOGIN)
  else texts.set(LOGIN, context.print({ user, at: { [proof.level]: proof.at }, ...(device !== undefined && { device }) }))
}

/** Adds levels that the user has proved again. */
export function addLevels(texts: Map<string, string>, user: string, levels: Levels, context: MergeContext): void {
  const facts = factsOf(user, texts, context.parse)
  texts.set(LOGIN, context.print({ ...facts, user, at: { ...facts?.at, ...levels } }))
}

/** Replaces the levels, for an id under which others were proved than under the newest one. */
export function withLevels(texts: Texts, levels: Levels, parse: Parse, print: (value: unknown) => string): Texts {
  const facts = readFacts(texts, parse)
  return facts === undefined ? texts : new Map(texts).set(LOGIN, print({ ...facts, at: levels }))
}

function readFacts(texts: Texts, parse: Parse): LoginFacts | undefined {
  const text = texts.get(LOGIN)
  if (text === undefined) return undefined
  try {
    const facts = parse(text)
    return isFacts(facts) ? facts : undefined
  } catch {
    return undefined
  }
}

/** Rows can be changed by other programs. What is not of the right form counts as absent. */
function isFacts(value: unknown): value is LoginFacts {
  const { user, at, device } = Object(value) as { readonly [name in keyof LoginFacts]: unknown }
  return typeof user === 'string' && isLevels(at) && (device === undefined || typeof device === 'string')
}

export function isLevels(value: unknown): value is Levels {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(([level, at]) => Number.isSafeInteger(Number(level)) && typeof at === 'number')
  )
}
