import type { RuleContext } from '../config/rules.ts'
import { apply, type Effects, type Intent, noEffects, userIn } from './intent.ts'

/** A state with a request's changes on it, and what they mean for the session as a whole. */
export interface Merged extends Readonly<Effects> {
  readonly texts: ReadonlyMap<string, string>
  /** It has to carry a new id: asked for, a login, another user however set, or another kind of cookie. */
  readonly newId: boolean
}

/** Replays intents on a state. Pure, but for the functions of `update`, and may throw what those throw. The state stays as it is. */
export function merge(base: ReadonlyMap<string, string>, intents: readonly Intent[], reading: RuleContext): Merged {
  const texts = new Map(base)
  const effects = noEffects()
  for (const intent of intents) apply(texts, intent, effects, reading)
  return conclude(base, texts, effects, reading)
}

/** What became of `base` when intents with these effects made `texts` of it. */
export function conclude(
  base: ReadonlyMap<string, string>,
  texts: ReadonlyMap<string, string>,
  effects: Effects,
  reading: RuleContext,
): Merged {
  return {
    ...effects,
    texts,
    newId: effects.cycled || effects.loggedIn || hasAnotherUser(base, texts, reading) || hasAnotherCookie(base, texts, reading),
  }
}

/** Properties that these intents set without looking, and that someone else changed since `opened`: the last one wins. */
export function overwritten(
  opened: ReadonlyMap<string, string>,
  current: ReadonlyMap<string, string>,
  intents: readonly Intent[],
): string[] {
  const names = intents.flatMap((intent) => (intent.kind === 'set' || intent.kind === 'edit' ? [intent.name] : []))
  return [...new Set(names)].filter((name) => opened.get(name) !== current.get(name))
}

/** Whose session these texts are, as text. */
export function userOf(texts: ReadonlyMap<string, string>, { rules, parse }: RuleContext): string | undefined {
  const text = texts.get(rules.user)
  return text === undefined ? undefined : userIn(text, parse)
}

function hasAnotherUser(base: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>, reading: RuleContext): boolean {
  const { user } = reading.rules
  const text = texts.get(user)
  return text !== undefined && text !== base.get(user) && userOf(texts, reading) !== userOf(base, reading)
}

/** A cookie that goes out with new ids only can change its kind only with one. */
function hasAnotherCookie(base: ReadonlyMap<string, string>, texts: ReadonlyMap<string, string>, reading: RuleContext): boolean {
  const { rules } = reading
  return !rules.cookieAtEveryWrite && rules.endsWithBrowser(base, reading) !== rules.endsWithBrowser(texts, reading)
}
