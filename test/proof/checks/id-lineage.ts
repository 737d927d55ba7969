// Ids that a response replaced because of their age (option `cycleId`). The log does not contain it,
// because a request that only reads replaces an id too.

import { type Exchange, familyOf, type Rules } from './history.ts'
import { renewsId } from './id-state.ts'

/** Returns an id, and those before it that were replaced because of their age, newest first. */
export type LineageOf = (id: string) => readonly string[]

export function makeLineageOf(issuers: ReadonlyMap<string, Exchange>, rules: Rules): LineageOf {
  return function lineageOf(id) {
    const lineage = [id]
    for (;;) {
      const issuer = issuers.get(lineage.at(-1) as string)
      if (issuer?.cookie === undefined || !mayBeRenewal(issuer, rules)) return lineage
      lineage.push(issuer.cookie)
    }
  }
}

/** Whether the response may have replaced the id of its session because of its age. */
export function mayBeRenewal({ cookie, setCookie, report }: Exchange, { maxIdAge }: Rules): boolean {
  if (maxIdAge === undefined || cookie === undefined || setCookie === undefined || report?.opened?.exists !== true) return false
  return familyOf(setCookie) === familyOf(cookie) && !report.units.some((unit) => renewsId(unit) && unit.outcome === 'ok')
}

/** Whether it has: no change of the request can have given the session its new id. */
export function isRenewal(exchange: Exchange, rules: Rules): boolean {
  return mayBeRenewal(exchange, rules) && exchange.report?.units.some((unit) => renewsId(unit) && unit.outcome !== 'no') === false
}
