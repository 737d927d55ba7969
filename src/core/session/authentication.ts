import { type Duration, milliseconds } from '../base/duration.ts'
import { ConfigError, LoginRequiredError, SessionEndedError, StepUpRequiredError } from '../base/errors.ts'
import { aBoolean, aDuration, type Check, checkOptions, type OptionTable, satisfies, wholeNumber } from '../base/option-checks.ts'
import { isDate } from '../base/realms.ts'
import { userOf } from '../changes/intent.ts'
import { factsOf, highest, type Levels, type LoginProof, lastProof } from '../changes/login-facts.ts'
import { levelsUnder } from '../changes/overlap.ts'
import type { Texts } from '../config/profile.ts'
import { requireUsers } from '../config/user-sessions.ts'
import type { Draft } from '../draft/draft.ts'

/** What a login established, for `Session.login`. */
export interface LoginOptions {
  /**
   * Names the device in `users.list`, such as `'Firefox on Linux'`. Personal data, so it is never
   * derived from the request. At most 200 characters; a longer text is cut. Default: the one of the
   * session's previous login of the same user.
   */
  readonly device?: string | undefined
  /**
   * The level that the application established, 1 (default) or more: 2 for a second factor, for
   * example.
   */
  readonly level?: number | undefined
  /**
   * When the user authenticated, for a login at another place: `new Date(claims.auth_time * 1000)`.
   * Default: when the request was opened.
   */
  readonly authenticatedAt?: Date | undefined
  /**
   * The maximum number of sessions of this user. Default: the option `maxPerUser` of the manager.
   */
  readonly maxPerUser?: number | undefined
  /**
   * Ends all other sessions of the user, and refuses logins that are still running, after this one
   * was saved: for a login after a reset of the password. Default `false`.
   */
  readonly revokeOthers?: boolean | undefined
}

/** Options of `Session.reauthenticate`. */
export type ReauthenticateOptions = Pick<LoginOptions, 'level' | 'revokeOthers'>

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

/** A client chooses parts of the text, so a longer one is cut and not refused. */
const MAX_DEVICE = 200

const aLevel: Check = satisfies((level) => Number.isSafeInteger(level) && Number(level) >= 1, 'pass a whole number from 1 on')

/** The checks of a `UserRequirement`. */
export const REQUIREMENT_CHECKS: Readonly<Record<string, Check>> = { within: aDuration, level: aLevel }

const REQUIREMENT: OptionTable = { owner: 'requireUser', checks: REQUIREMENT_CHECKS }

/**
 * The checks of what a login proves. `expiry` is checked by the profile, which knows the lifetimes.
 */
export const PROOF_CHECKS: Readonly<Record<string, Check>> = {
  expiry: () => undefined,
  device: satisfies((device) => typeof device === 'string', "pass a text, such as 'Firefox on Linux'"),
  level: aLevel,
  authenticatedAt: satisfies(
    (date) => isDate(date) && !Number.isNaN(date.getTime()),
    'pass a Date: new Date(claims.auth_time * 1000) for a claim in seconds',
  ),
}

const LOGIN: OptionTable = {
  owner: 'login',
  checks: { ...PROOF_CHECKS, maxPerUser: wholeNumber('sessions'), revokeOthers: aBoolean },
  foreign: { maxAge: "use `expiry`: { expiry: '30d' }" },
}
const REAUTHENTICATION: OptionTable = { owner: 'reauthenticate', checks: { level: aLevel, revokeOthers: aBoolean } }

/** Throws `ConfigError` for wrong options of `login`. */
export function checkLogin(options: LoginOptions): void {
  checkOptions(options, LOGIN)
}

/**
 * Records a login, with options that were checked. Throws `ConfigError` and `CodecError`; nothing
 * is then recorded.
 */
export function recordLogin(draft: Draft, userId: unknown, options: LoginOptions): void {
  const { profile, values } = draft.context
  if (profile.loginRemedy !== undefined) throw new ConfigError(profile.loginRemedy)
  const proof = proofOf(draft, options)
  const { maxPerUser, revokeOthers } = options
  draft.record({
    kind: 'login',
    text: values.print(profile.names.user, userId),
    proof,
    ...(maxPerUser !== undefined && { maxPerUser: limitOf(draft, maxPerUser) }),
    ...(revokesOthers('login', draft, revokeOthers) && { revokesOthers: true }),
  })
}

/** What a login with these options, which were checked, establishes. */
export function proofOf({ openedAt }: Draft, { device, level = 1, authenticatedAt }: LoginOptions): LoginProof {
  return {
    level,
    at: Math.min(authenticatedAt?.getTime() ?? openedAt, openedAt),
    ...(device !== undefined && { device: cutDevice(device) }),
  }
}

/** Records that the user authenticated again. Throws `LoginRequiredError` without a user. */
export function recordReauthentication(draft: Draft, options: ReauthenticateOptions): void {
  const { level = 1, revokeOthers } = checkOptions(options, REAUTHENTICATION)
  const { context, properties, openedAt } = draft.openForRead().openForWrite()
  const proof = { level, at: openedAt }
  const user = userOf(properties.texts, context)
  if (user === undefined) throw new LoginRequiredError(context.transport.challenge?.())
  draft.record({ kind: 'confirm', user, proof, ...(revokesOthers('reauthenticate', draft, revokeOthers) && { revokesOthers: true }) })
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
function levelsOf({ state, intents, changes, context }: Draft, shown: Levels): Levels {
  if (state.is !== 'live' || intents.some(({ kind }) => kind === 'login')) return shown
  const proofs = intents.flatMap((intent) => (intent.kind === 'confirm' ? [[intent.proof.level, intent.proof.at]] : []))
  return { ...levelsUnder(state.identity.proof, changes.latestTexts, context.parse), ...Object.fromEntries(proofs) }
}

/**
 * Throws if the session does not meet the requirement. A failed load is never "no login", and an id
 * that was replaced a moment ago is not one either: the browser has the newer id, or soon will.
 */
export function checkUser(draft: Draft, { within, level = 1 }: UserRequirement): void {
  const time = milliseconds(within)
  const { state, properties, context, openedAt } = draft
  if (state.is === 'failed') throw state.error
  if (isReplaced(draft)) throw new SessionEndedError('other-id')
  const user = userOf(properties.texts, context)
  if (user === undefined) throw new LoginRequiredError(context.transport.challenge?.())
  if (time === undefined && level === 1) return
  const at = lastProofOf(draft, user, properties.texts, level)
  if (at === undefined || (time !== undefined && openedAt - at >= time))
    throw new StepUpRequiredError(within, level, context.transport.challenge?.({ within }))
}

/** Throws `ConfigError` for a wrong requirement. */
export function checkRequirement(requirement: UserRequirement): void {
  checkOptions(requirement, REQUIREMENT)
}

function lastProofOf(draft: Draft, user: string, texts: Texts, level: number): number | undefined {
  const facts = factsOf(user, texts, draft.context.parse)
  return facts === undefined ? undefined : lastProof(levelsOf(draft, facts.at), level)
}

/** Whether the id of the request was replaced a moment ago. */
export function isReplaced({ state }: Draft): boolean {
  return state.is === 'ended' && state.isReplaced === true
}

function limitOf(draft: Draft, limit: number): number {
  requireUsers('login: `maxPerUser`', draft.context)
  return limit
}

function revokesOthers(verb: string, draft: Draft, revokeOthers = false): boolean {
  if (revokeOthers) requireUsers(`${verb}: \`revokeOthers\``, draft.context)
  return revokeOthers
}

function cutDevice(device: string): string {
  return Array.from(device.slice(0, 2 * MAX_DEVICE))
    .slice(0, MAX_DEVICE)
    .join('')
}
