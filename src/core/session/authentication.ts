import { type Duration, durationRemedy, milliseconds } from '../base/duration.ts'
import { CodecError, ConfigError, LoginRequiredError, SessionEndedError, StepUpRequiredError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { isDate } from '../base/realms.ts'
import { isUserId } from '../base/user-id.ts'
import { userOf } from '../changes/intent.ts'
import { factsOf, highest, type Levels, type LoginProof, lastProof } from '../changes/login-facts.ts'
import { levelsUnder } from '../changes/overlap.ts'
import type { Texts } from '../config/profile.ts'
import type { Draft } from '../draft/draft.ts'

/** What a login established, for `Session.login`. */
export interface LoginOptions {
  /**
   * Names the device in `users.list`, such as `'Firefox on Linux'`. Personal data, so it is never
   * derived from the request. At most 200 characters; a longer text is cut. Default: the one of the
   * session's previous login of the same user.
   */
  readonly device?: string | undefined
  /** The level that the application established, 1 (default) or more: 2 for a second factor, for example. */
  readonly level?: number | undefined
  /**
   * When the user authenticated, for a login at another place: `new Date(claims.auth_time * 1000)`.
   * Default: when the request was opened.
   */
  readonly authenticatedAt?: Date | undefined
}

/** What is known about the login of a session. */
export interface Authentication<UserId> {
  /** The id of the user. */
  readonly userId: UserId
  /** When the user last authenticated, at any level, in epoch milliseconds. */
  readonly authenticatedAt: number
  /** The highest level that the user has proved. */
  readonly level: number
  /** The device that the login named. */
  readonly device: string | undefined
}

/** What a request needs, for `requireUser`. */
export interface UserRequirement {
  /** The user has authenticated within this time. Default: any time. */
  readonly within?: Duration | undefined
  /** The user has proved this level or a higher one. Default 1. */
  readonly level?: number | undefined
}

/** The maximum length of a user id. A longer one is a mistake, such as a whole token. */
const MAX_USER_ID = 1000
/** A client chooses parts of the text, so a longer one is cut and not refused. */
const MAX_DEVICE = 200

/** Records a login. Throws `ConfigError` and `CodecError`; nothing is then recorded. */
export function recordLogin(draft: Draft, userId: unknown, options: LoginOptions): void {
  const { profile, values } = draft.context
  if (profile.loginRemedy !== undefined) throw new ConfigError(profile.loginRemedy)
  if (!isUserId(userId)) throw new CodecError(profile.names.user, 'login(userId): pass a number, or a string that is not empty.')
  if (String(userId).length > MAX_USER_ID)
    throw new CodecError(profile.names.user, `login(userId): the id has more than ${MAX_USER_ID} characters. Pass the key of the user.`)
  const proof = proofOf(draft, options)
  draft.record({ kind: 'login', text: values.print(profile.names.user, userId), proof })
}

/** What a login with these options establishes. Throws `ConfigError` for a wrong option. */
export function proofOf({ openedAt }: Draft, { device, level, authenticatedAt }: LoginOptions): LoginProof {
  return {
    level: checkLevel('login', level),
    at: Math.min(authenticatedAt === undefined ? openedAt : timeOf(authenticatedAt), openedAt),
    ...(device !== undefined && { device: deviceOf(device) }),
  }
}

/** Records that the user authenticated again. Throws `LoginRequiredError` without a user. */
export function recordReauthentication(draft: Draft, level: number | undefined): void {
  const { context, properties, openedAt } = draft.openForRead().openForWrite()
  const proof = { level: checkLevel('reauthenticate', level), at: openedAt }
  const user = userOf(properties.texts, context)
  if (user === undefined) throw new LoginRequiredError()
  draft.record({ kind: 'confirm', user, proof })
}

/** What is known about the login, under the id that the request presented. */
export function authenticationOf(draft: Draft): Omit<Authentication<never>, 'userId'> | undefined {
  const { context, properties } = draft.openForRead()
  const user = userOf(properties.texts, context)
  const facts = user === undefined ? undefined : factsOf(user, properties.texts, context.parse)
  if (facts === undefined) return undefined
  const levels = levelsOf(draft, facts.at)
  return { authenticatedAt: lastProof(levels, 1) ?? 0, level: highest(levels), device: facts.device }
}

/**
 * The levels of the id that the request presented, with this request's changes. After a commit the
 * properties that the application sees are older than the ids.
 */
function levelsOf({ state, intents, latestTexts, context }: Draft, shown: Levels): Levels {
  if (state.is !== 'live' || intents.some(({ kind }) => kind === 'login')) return shown
  const proofs = intents.flatMap((intent) => (intent.kind === 'confirm' ? [[intent.proof.level, intent.proof.at]] : []))
  return { ...levelsUnder(state.identity.proof, latestTexts, context.parse), ...Object.fromEntries(proofs) }
}

/**
 * Throws if the session does not meet the requirement. A failed load is never "no login", and an id
 * that was replaced a moment ago is not one either: the browser has the newer id, or soon will.
 */
export function checkUser(draft: Draft, requirement: UserRequirement): void {
  const { time, level } = checkRequirement(requirement)
  const { state, properties, context, openedAt } = draft
  if (state.is === 'failed') throw state.error
  if (isReplaced(draft)) throw new SessionEndedError('other-id')
  const user = userOf(properties.texts, context)
  if (user === undefined) throw new LoginRequiredError()
  if (time === undefined && level === 1) return
  const at = lastProofOf(draft, user, properties.texts, level)
  if (at === undefined || (time !== undefined && openedAt - at >= time)) throw new StepUpRequiredError(requirement.within, level)
}

/** Throws `ConfigError` for a wrong requirement. */
export function checkRequirement({ within, level }: UserRequirement): { readonly time: number | undefined; readonly level: number } {
  const time = within === undefined ? undefined : milliseconds(within)
  if (within !== undefined && time === undefined)
    throw new ConfigError(`requireUser: \`within\` is ${formatValue(within)}: ${durationRemedy(within)}.`)
  return { time, level: checkLevel('requireUser', level) }
}

function lastProofOf(draft: Draft, user: string, texts: Texts, level: number): number | undefined {
  const facts = factsOf(user, texts, draft.context.parse)
  return facts === undefined ? undefined : lastProof(levelsOf(draft, facts.at), level)
}

/** Whether the id of the request was replaced a moment ago. */
export function isReplaced({ state }: Draft): boolean {
  return state.is === 'ended' && state.isReplaced === true
}

function checkLevel(verb: string, level = 1): number {
  if (Number.isSafeInteger(level) && level >= 1) return level
  throw new ConfigError(`${verb}: \`level\` is ${formatValue(level)}. Pass a whole number from 1 on.`)
}

function timeOf(date: unknown): number {
  const time = isDate(date) ? date.getTime() : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new ConfigError(
    `login: \`authenticatedAt\` is ${formatValue(date)}. Pass a Date: new Date(claims.auth_time * 1000) for a claim in seconds.`,
  )
}

function deviceOf(device: unknown): string {
  if (typeof device === 'string')
    return Array.from(device.slice(0, 2 * MAX_DEVICE))
      .slice(0, MAX_DEVICE)
      .join('')
  throw new ConfigError(`login: \`device\` is ${formatValue(device)}. Pass a text, such as 'Firefox on Linux'.`)
}
