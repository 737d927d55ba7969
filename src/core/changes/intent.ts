import { SessionEndedError } from '../base/errors.ts'
import { BROWSER, LOGIN } from '../base/reserved.ts'
import type { MergeContext, PropertyNames, RuleContext, Texts } from '../config/profile.ts'
import { addLevels, type Levels, type LoginProof, putLogin } from './login-facts.ts'

/**
 * One recorded change. A session only records intents; a commit replays them on the newest state.
 * They contain texts and not values, so that later changes of a value have no effect.
 */
export type Intent =
  | { readonly kind: 'set'; readonly name: string; readonly text: string }
  /** A change inside of an object that was read, detected by comparing texts. */
  | { readonly kind: 'mutate'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'setIfAbsent'; readonly name: string; readonly text: string }
  | { readonly kind: 'update'; readonly name: string; readonly change: Change }
  /** Removes a property and returns its text. */
  | { readonly kind: 'claim'; readonly name: string }
  /** Messages were read: `change` removes them. An update that fails no request. */
  | { readonly kind: 'consume'; readonly name: string; readonly change: Change }
  /**
   * Sets a property that proves the login, and renews the id. The application did not request it.
   */
  | { readonly kind: 'reauthenticate'; readonly name: string; readonly text: string }
  /** Withdraws a login: gives properties the texts they had before it. */
  | { readonly kind: 'restore'; readonly properties: readonly (readonly [name: string, text: string | undefined])[] }
  | { readonly kind: 'clear' }
  | { readonly kind: 'cycle' }
  /** `proof`: what the login established; left out where the profile has its own login. */
  | { readonly kind: 'login'; readonly text: string; readonly proof?: LoginProof }
  /** The user authenticated again. Fails if the session has another user by then. */
  | { readonly kind: 'confirm'; readonly user: string; readonly proof: LoginProof }
  /** The session is written even if nothing changed. */
  | { readonly kind: 'save' }

/** Maps the text of a property to its new text. Throws the error of the application's function. */
export type Change = (text: string | undefined) => string | undefined

/** The effects of one kind of intent on the session as a whole. */
export interface IntentRule {
  /**
   * The outcome if the session ended while the request was running: the commit fails, the intent is
   * dropped, or a new session starts with it.
   */
  readonly whenEnded: 'refuse' | 'drop' | 'start-new'
  readonly newId: boolean
}

const CHANGE: IntentRule = { whenEnded: 'refuse', newId: false }

export const RULES: Readonly<Record<Intent['kind'], IntentRule>> = {
  set: CHANGE,
  mutate: CHANGE,
  remove: CHANGE,
  setIfAbsent: CHANGE,
  update: CHANGE,
  claim: CHANGE,
  clear: CHANGE,
  save: CHANGE,
  restore: CHANGE,
  consume: { whenEnded: 'drop', newId: false },
  reauthenticate: { whenEnded: 'drop', newId: true },
  cycle: { whenEnded: 'refuse', newId: true },
  confirm: { whenEnded: 'refuse', newId: true },
  login: { whenEnded: 'start-new', newId: true },
}

/**
 * The outcome of these intents if their session ended. One login among them starts a new session;
 * otherwise one `refuse` among them makes the commit fail.
 */
export function whenEnded(intents: readonly Intent[]): IntentRule['whenEnded'] {
  const rules = intents.map(({ kind }) => RULES[kind].whenEnded)
  return rules.includes('start-new') ? 'start-new' : rules.includes('refuse') ? 'refuse' : 'drop'
}

/** The effects of replaying intents, in addition to the texts. */
export interface MergeEffects {
  newId: boolean
  /** A login, which starts a new absolute lifetime. */
  loggedIn: boolean
  /** A new id was asked for, or the user was changed, by another verb than `login`. */
  cycled: boolean
  /** A login removed the data of another user. */
  otherUser: boolean
  /** All earlier properties were removed, by `clear` or because they belonged to another user. */
  wiped: boolean
  /** The levels that the user has proved again, which starts a new absolute lifetime too. */
  confirmed: Levels | undefined
  /** The text that a `claim` removed. */
  claimed: string | undefined
}

export function noEffects(): MergeEffects {
  return { newId: false, loggedIn: false, cycled: false, otherUser: false, wiped: false, confirmed: undefined, claimed: undefined }
}

/** Applies one intent to texts, in place. */
export function apply(texts: Map<string, string>, intent: Intent, effects: MergeEffects, context: MergeContext): void {
  const { names } = context.profile
  if (RULES[intent.kind].newId) effects.newId = true
  if (isOtherNewId(intent, names.user)) effects.cycled = true
  switch (intent.kind) {
    case 'set':
    case 'mutate':
    case 'reauthenticate':
      return put(texts, names, intent.name, intent.text)
    case 'remove':
      return remove(texts, names, intent.name)
    case 'setIfAbsent':
      return texts.has(intent.name) ? undefined : put(texts, names, intent.name, intent.text)
    case 'update':
    case 'consume':
      return put(texts, names, intent.name, intent.change(texts.get(intent.name)))
    case 'claim':
      effects.claimed = texts.get(intent.name)
      return remove(texts, names, intent.name)
    case 'restore':
      return restore(texts, intent.properties)
    case 'clear':
      effects.wiped = true
      return clear(texts)
    case 'cycle':
    case 'save':
      return
    case 'login':
      return login(texts, intent, effects, context)
    case 'confirm':
      return confirm(texts, intent, effects, context)
  }
}

function put(texts: Map<string, string>, names: PropertyNames, name: string, text: string | undefined): void {
  if (text === undefined) return remove(texts, names, name)
  texts.set(name, text)
  if (name === names.user && names.lastUser !== undefined) texts.delete(names.lastUser)
}

/** Stores the removed user in `lastUser`, because the remaining properties belong to that user. */
function remove(texts: Map<string, string>, names: PropertyNames, name: string): void {
  const text = texts.get(name)
  if (text === undefined) return
  texts.delete(name)
  if (name !== names.user) return
  texts.delete(LOGIN)
  if (names.lastUser !== undefined) texts.set(names.lastUser, text)
}

function restore(texts: Map<string, string>, properties: readonly (readonly [name: string, text: string | undefined])[]): void {
  for (const [name, text] of properties) {
    if (text === undefined) texts.delete(name)
    else texts.set(name, text)
  }
}

/** Keeps `BROWSER`, because the cookie does not change. */
function clear(texts: Map<string, string>): void {
  const browser = texts.get(BROWSER)
  texts.clear()
  if (browser !== undefined) texts.set(BROWSER, browser)
}

type IntentOf<Kind extends Intent['kind']> = Intent & { readonly kind: Kind }

function login(texts: Map<string, string>, { text, proof }: IntentOf<'login'>, effects: MergeEffects, context: MergeContext): void {
  const { names } = context.profile
  const user = userIn(text, context)
  const before = texts.get(names.user) ?? texts.get(names.lastUser ?? names.user)
  if (before !== undefined && userIn(before, context) !== user) {
    texts.clear()
    effects.otherUser = true
    effects.wiped = true
  }
  put(texts, names, names.user, text)
  putLogin(texts, user, proof, context)
  effects.loggedIn = true
}

function confirm(texts: Map<string, string>, { user, proof }: IntentOf<'confirm'>, effects: MergeEffects, context: MergeContext): void {
  if (userOf(texts, context) !== user) throw new SessionEndedError('ended')
  const levels = { [proof.level]: proof.at }
  addLevels(texts, user, levels, context)
  effects.confirmed = { ...effects.confirmed, ...levels }
}

/** The user id as text; `undefined` if no user is logged in. */
export function userOf(texts: Texts, context: RuleContext): string | undefined {
  const text = texts.get(context.profile.names.user)
  return text === undefined ? undefined : userIn(text, context)
}

/**
 * Maps 7, "7" and 7.0 (as other software may write it) to the same user id. Whole numbers beyond
 * 2^53 keep their digits.
 */
function userIn(text: string, { profile, parse }: RuleContext): string {
  try {
    const value = parse(text)
    if (typeof value !== 'string' && !Number.isSafeInteger(value)) return text
    return profile.normalizeUserId?.(String(value)) ?? String(value)
  } catch {
    return text
  }
}

/** Whether the intent asks for a new id, or changes the user, without being a login. */
export function isOtherNewId(intent: Intent, userName: string): boolean {
  return intent.kind === 'login' ? false : RULES[intent.kind].newId || affectsProperty(intent, userName)
}

/** Whether the intent starts a new absolute lifetime. */
export function restartsLifetime({ kind }: Intent): boolean {
  return kind === 'login' || kind === 'confirm'
}

/** Whether the intent names this property. */
export function affectsProperty(intent: Intent, name: string): boolean {
  return 'name' in intent && intent.name === name
}
