import { BROWSER, LAST_USER } from '../base/reserved.ts'
import type { RuleContext, Texts } from '../config/profile.ts'

/**
 * One recorded change. A session only records intents; a commit replays them on the newest state.
 * They contain texts and not values, so that what is stored is what the verb was called with.
 */
export type Intent =
  | { readonly kind: 'set'; readonly name: string; readonly text: string }
  /** A change made inside of an object that was handed out, found by comparing. */
  | { readonly kind: 'mutate'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'setIfAbsent'; readonly name: string; readonly text: string }
  | { readonly kind: 'update'; readonly name: string; readonly change: Change }
  /** Removes a property and hands out its text. */
  | { readonly kind: 'claim'; readonly name: string }
  /** A flash was read: removes it if it still has this text. */
  | { readonly kind: 'consume'; readonly name: string; readonly text: string }
  /**
   * Sets a property that proves the login, under a new id, without anything the application asked
   * for.
   */
  | { readonly kind: 'reauthenticate'; readonly name: string; readonly text: string }
  | { readonly kind: 'clear' }
  | { readonly kind: 'cycle' }
  | { readonly kind: 'login'; readonly text: string }
  /** The session is written even if nothing changed. */
  | { readonly kind: 'save' }

/** Maps the text of a property to its new text. Throws what the application's function throws. */
export type Change = (text: string | undefined) => string | undefined

/** What a kind of intent means for the session as a whole. */
export interface IntentRule {
  /**
   * What happens when the session ended while the request was running: the commit fails, the intent
   * is dropped, or a new session starts with it.
   */
  readonly whenGone: 'refuse' | 'drop' | 'start-new'
  readonly newId: boolean
}

const CHANGE: IntentRule = { whenGone: 'refuse', newId: false }

const RULES: Readonly<Record<Intent['kind'], IntentRule>> = {
  set: CHANGE,
  mutate: CHANGE,
  remove: CHANGE,
  setIfAbsent: CHANGE,
  update: CHANGE,
  claim: CHANGE,
  clear: CHANGE,
  save: CHANGE,
  consume: { whenGone: 'drop', newId: false },
  reauthenticate: { whenGone: 'drop', newId: true },
  cycle: { whenGone: 'refuse', newId: true },
  login: { whenGone: 'start-new', newId: true },
}

/**
 * What happens to these intents when their session ended: one login starts a new session, and one
 * change that is not dropped refuses.
 */
export function whenGone(intents: readonly Intent[]): IntentRule['whenGone'] {
  const rules = intents.map(({ kind }) => RULES[kind].whenGone)
  return rules.includes('start-new') ? 'start-new' : rules.includes('refuse') ? 'refuse' : 'drop'
}

/** What a replay of intents does in addition to the texts. */
export interface Effects {
  newId: boolean
  /** A login, which starts a new absolute lifetime. */
  loggedIn: boolean
  /** A login found the data of another user and dropped it. */
  otherUser: boolean
  /** The properties from before are gone: cleared, or of another user. */
  wiped: boolean
  /** The text that a `claim` handed out. */
  claimed: string | undefined
}

export function noEffects(): Effects {
  return { newId: false, loggedIn: false, otherUser: false, wiped: false, claimed: undefined }
}

/** Applies one intent to texts, in place. */
export function apply(texts: Map<string, string>, intent: Intent, effects: Effects, context: RuleContext): void {
  const { userName } = context.profile
  if (RULES[intent.kind].newId) effects.newId = true
  switch (intent.kind) {
    case 'set':
    case 'mutate':
    case 'reauthenticate':
      return put(texts, userName, intent.name, intent.text)
    case 'remove':
      return remove(texts, userName, intent.name)
    case 'setIfAbsent':
      return texts.has(intent.name) ? undefined : put(texts, userName, intent.name, intent.text)
    case 'update':
      return put(texts, userName, intent.name, intent.change(texts.get(intent.name)))
    case 'claim':
      effects.claimed = texts.get(intent.name)
      return remove(texts, userName, intent.name)
    case 'consume':
      return texts.get(intent.name) === intent.text ? remove(texts, userName, intent.name) : undefined
    case 'clear':
      effects.wiped = true
      return clear(texts)
    case 'cycle':
    case 'save':
      return
    case 'login':
      return login(texts, intent.text, effects, context)
  }
}

function put(texts: Map<string, string>, userName: string, name: string, text: string | undefined): void {
  if (text === undefined) return remove(texts, userName, name)
  texts.set(name, text)
  if (name === userName) texts.delete(LAST_USER)
}

/**
 * Removing the user keeps a note of who it was: what remains, and what requests of that user still
 * add, is that user's data.
 */
function remove(texts: Map<string, string>, userName: string, name: string): void {
  const text = texts.get(name)
  if (text === undefined) return
  texts.delete(name)
  if (name === userName) texts.set(LAST_USER, text)
}

/** Whether the cookie ends with the browser is kept, because the cookie stays the same. */
function clear(texts: Map<string, string>): void {
  const browser = texts.get(BROWSER)
  texts.clear()
  if (browser !== undefined) texts.set(BROWSER, browser)
}

function login(texts: Map<string, string>, text: string, effects: Effects, context: RuleContext): void {
  const { userName } = context.profile
  const before = texts.get(userName) ?? texts.get(LAST_USER)
  if (before !== undefined && userIn(before, context) !== userIn(text, context)) {
    texts.clear()
    effects.otherUser = true
    effects.wiped = true
  }
  put(texts, userName, userName, text)
  effects.loggedIn = true
}

/** The user id as text, `undefined` without one. */
export function userOf(texts: Texts, context: RuleContext): string | undefined {
  const text = texts.get(context.profile.userName)
  return text === undefined ? undefined : userIn(text, context)
}

/**
 * Maps 7, "7" and another writer's 7.0 to the same user id. Whole numbers beyond 2^53 keep their
 * digits.
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

/** Whether the intent changes this property by its name. */
export function concerns(intent: Intent, name: string): boolean {
  return 'name' in intent && intent.name === name
}
