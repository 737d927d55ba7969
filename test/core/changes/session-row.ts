import { jsonCodec } from '../../../src/codecs/json.ts'
import type { Intent } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { idsAfter, isIdTooOld, levelsUnder, mayJoin, type Standing, standingOf } from '../../../src/core/changes/overlap.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { MergeContext, Texts } from '../../../src/core/config/profile.ts'
import type { Identity } from '../../../src/core/store/id.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { Values } from '../../../src/core/values/values.ts'
import { DAY, MINUTE, START } from '../fixture.ts'

export const MAX_ID_AGE: number = 15 * MINUTE

export const values: Values = new Values(jsonCodec, {}, () => undefined, 'userId')
export const context: MergeContext = {
  lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false, maxIdAge: MAX_ID_AGE },
  parse: values.parse,
  print: values.printValue,
  profile: ownProfile,
}

const identityOf = (proof: string): Identity => ({ id: `family.${proof}`, key: 'key', handle: 'key', proof })
export const login = (user: string, level?: number): Intent => ({
  kind: 'login',
  text: `"${user}"`,
  ...(level !== undefined && { proof: { level, at: START } }),
})
export const cycle: Intent = { kind: 'cycle' }
export const set = (name: string, text: string): Intent => ({ kind: 'set', name, text })

/** The rules by which a session changes its ids. Tests replace one of them by a wrong one. */
export interface IdRules {
  readonly idsAfter: typeof idsAfter
  readonly isIdTooOld: typeof isIdTooOld
}

export const RULES: IdRules = { idsAfter, isIdTooOld }

/** A session with its ids, as the commits of requests change it. */
export class SessionRow {
  texts: Texts = new Map([['cart', '1']])
  proof = 'id0'
  idAt: number = START
  readonly #rules: IdRules
  #count = 0

  constructor(rules: IdRules = RULES) {
    this.#rules = rules
  }

  get entry(): Entry {
    const { proof, idAt } = this
    return { payload: '', proof, idAt, version: 'v', commits: '', createdAt: START, seenAt: START, expiresAt: START + DAY }
  }

  /** How many ids were issued, in addition to the first one. */
  get issued(): number {
    return this.#count
  }

  isValid(proof: string, now: number): boolean {
    return proof === this.proof || this.standing(proof, now) === 'overlapping'
  }

  standing(proof: string, now: number): Standing {
    return standingOf(proof, this.entry, this.texts, now, values.parse)
  }

  /** The ids that are valid, of all that were ever issued. */
  valid(now: number): string[] {
    return Array.from({ length: this.#count + 1 }, (_, index) => `id${index}`).filter((each) => this.isValid(each, now))
  }

  isTooOld(proof: string, now: number): boolean {
    return this.#rules.isIdTooOld(proof, this.entry, this.texts, now, context)
  }

  levels(proof: string): Readonly<Record<string, number>> {
    return levelsUnder(proof, this.texts, values.parse)
  }

  /**
   * Commits under an id. Returns the id that the client has then; `undefined` if the session refuses.
   */
  commit(proof: string, intents: readonly Intent[], now: number, mayCycleId = false): string | undefined {
    const joins = !this.isValid(proof, now)
    if (joins && !mayJoin(proof, intents, this.texts, now, context)) return undefined
    const merged = merge(this.texts, intents, context)
    const presented = identityOf(proof)
    const isCycled = !merged.newId && mayCycleId && this.isTooOld(proof, now)
    const identity = merged.newId || isCycled ? identityOf(`id${++this.#count}`) : presented
    const write = { before: this.entry, base: this.texts, merged, presented, identity, joins, isCycled, now }
    Object.assign(this, this.#rules.idsAfter(write, values))
    return identity.proof
  }
}
