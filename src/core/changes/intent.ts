import { BROWSER, LAST_USER } from '../base/reserved.ts'
import type { Parse, RuleContext } from '../config/rules.ts'

/**
 * One recorded change. A session does nothing but record these; a commit replays them on the newest state. Texts, not values, so that
 * what is stored is what was meant when the verb was called.
 */
export type Intent =
  | { readonly kind: 'set'; readonly name: string; readonly text: string }
  /** A change made in place, found by comparing. */
  | { readonly kind: 'edit'; readonly name: string; readonly text: string }
  | { readonly kind: 'remove'; readonly name: string }
  /** Set where absent. */
  | { readonly kind: 'fill'; readonly name: string; readonly text: string }
  | { readonly kind: 'update'; readonly name: string; readonly change: Change }
  /** Remove and hand out. */
  | { readonly kind: 'claim'; readonly name: string }
  /** A flash was read: remove it if it is still the one that was. */
  | { readonly kind: 'consume'; readonly name: string; readonly text: string }
  /** Nobody asked for it: what vouches for the session is put into today's form, under a new id. */
  | { readonly kind: 'renew'; readonly name: string; readonly text: string }
  | { readonly kind: 'clear' }
  | { readonly kind: 'cycle' }
  | { readonly kind: 'login'; readonly text: string }

/** What `update` does to the text of a property; throws what the caller's function throws. */
export type Change = (text: string | undefined) => string | undefined

/** What replaying intents amounts to beside the texts. */
export interface Effects {
  /** A new id was asked for. */
  cycled: boolean
  loggedIn: boolean
  /** `login` found another user's data and left it behind. */
  otherUser: boolean
  /** What was there before does not concern anybody any more: it was cleared, or is another user's. */
  wiped: boolean
  /** What a `claim` handed out. */
  claimed: string | undefined
}

export function noEffects(): Effects {
  return { cycled: false, loggedIn: false, otherUser: false, wiped: false, claimed: undefined }
}

/** Applies one intent to texts, in place. */
export function apply(texts: Map<string, string>, intent: Intent, effects: Effects, reading: RuleContext): void {
  const { user } = reading.rules
  switch (intent.kind) {
    case 'set':
    case 'edit':
      return put(texts, user, intent.name, intent.text)
    case 'remove':
      return remove(texts, user, intent.name)
    case 'fill':
      return texts.has(intent.name) ? undefined : put(texts, user, intent.name, intent.text)
    case 'update':
      return put(texts, user, intent.name, intent.change(texts.get(intent.name)))
    case 'claim':
      effects.claimed = texts.get(intent.name)
      return remove(texts, user, intent.name)
    case 'consume':
      return texts.get(intent.name) === intent.text ? remove(texts, user, intent.name) : undefined
    case 'renew':
      effects.cycled = true
      return put(texts, user, intent.name, intent.text)
    case 'clear':
      effects.wiped = true
      return clear(texts)
    case 'cycle':
      effects.cycled = true
      return
    case 'login':
      return login(texts, intent.text, effects, reading)
  }
}

function put(texts: Map<string, string>, user: string, name: string, text: string | undefined): void {
  if (text === undefined) return remove(texts, user, name)
  texts.set(name, text)
  if (name === user) texts.delete(LAST_USER)
}

/** The user's removal leaves a note of who it was: what remains, and what requests of that user still add, is this user's data. */
function remove(texts: Map<string, string>, user: string, name: string): void {
  const text = texts.get(name)
  if (text === undefined) return
  texts.delete(name)
  if (name === user) texts.set(LAST_USER, text)
}

/** Whether the cookie ends with the browser outlives a clear: the cookie is still the same. */
function clear(texts: Map<string, string>): void {
  const browser = texts.get(BROWSER)
  texts.clear()
  if (browser !== undefined) texts.set(BROWSER, browser)
}

function login(texts: Map<string, string>, text: string, effects: Effects, { rules: { user }, parse }: RuleContext): void {
  const before = texts.get(user) ?? texts.get(LAST_USER)
  if (before !== undefined && userIn(before, parse) !== userIn(text, parse)) {
    texts.clear()
    effects.otherUser = true
    effects.wiped = true
  }
  put(texts, user, user, text)
  effects.loggedIn = true
}

/** Who is meant by the text of `userId`, so that 7, "7" and a foreign writer's 7.0 are one. Digits beyond what a number holds stay as they are. */
export function userIn(text: string, parse: Parse): string {
  try {
    const value = parse(text)
    return typeof value === 'string' || Number.isSafeInteger(value) ? String(value) : text
  } catch {
    return text
  }
}

/** Whether all that happened goes without saying: flashes were read, or the session renewed. That is not worth an error when it is gone. */
export function onlyIncidental(intents: readonly Intent[]): boolean {
  return intents.every(({ kind }) => kind === 'consume' || kind === 'renew')
}

/** Whether a login is among the changes: it starts a session anew where there is none any more. */
export function logsIn(intents: readonly Intent[]): boolean {
  return intents.some((intent) => intent.kind === 'login')
}

/** Whether the intent changes this property by its name. */
export function concerns(intent: Intent, name: string): boolean {
  return 'name' in intent && intent.name === name
}
