import type { MergeContext, RuleContext, Texts } from '../config/profile.ts'
import { apply, type Intent, type MergeEffects, noEffects, userOf } from './intent.ts'

/**
 * A state after a request's changes, with their effects. `newId`: the session must get a new id,
 * because of an intent, another user, or another lifetime of the token.
 */
export interface Merged extends Readonly<MergeEffects> {
  readonly texts: Texts
}

/**
 * Replays intents on a copy of a state. Pure, except for the functions of `update`, whose errors it
 * throws.
 */
export function merge(base: Texts, intents: readonly Intent[], context: MergeContext): Merged {
  const texts = new Map(base)
  const effects = noEffects()
  for (const intent of intents) apply(texts, intent, effects, context)
  return toMerged(base, texts, effects, context)
}

/** Returns the result of intents that changed `base` to `texts` and had these effects. */
export function toMerged(base: Texts, texts: Texts, effects: MergeEffects, context: RuleContext): Merged {
  const newId = effects.newId || hasAnotherUser(base, texts, context) || context.profile.requiresNewId(base, texts, context)
  return { ...effects, texts, newId }
}

/**
 * Returns the properties that these intents set without reading and that another request changed
 * since `known`. The last writer wins.
 */
export function overwrittenProperties(known: Texts, current: Texts, intents: readonly Intent[]): string[] {
  const names = intents.flatMap((intent) => (intent.kind === 'set' || intent.kind === 'mutate' ? [intent.name] : []))
  return [...new Set(names)].filter((name) => known.get(name) !== current.get(name))
}

function hasAnotherUser(base: Texts, texts: Texts, context: RuleContext): boolean {
  const { user: userName } = context.profile.names
  const text = texts.get(userName)
  return text !== undefined && text !== base.get(userName) && userOf(texts, context) !== userOf(base, context)
}
