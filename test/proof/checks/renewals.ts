// Ids that are replaced because of their age. The id before stays valid until the new one is two minutes
// old. Then the first of both that is used becomes the only one.

import type { Analysis, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { type Exchange, familyOf, type Rules } from './history.ts'
import { isRenewal, mayBeRenewal } from './id-lineage.ts'
import { SEVERAL_IDS } from './id-state.ts'

/** No id is replaced before it is as old as the option requires. */
export function earlyRenewal({ timelines, issuers, history: { rules } }: Analysis): Anomaly[] {
  const { maxIdAge = 0, skew } = rules
  return renewalsIn(timelines, rules).flatMap((exchange) => {
    const age = exchange.endedAt - (issuers.get(exchange.cookie as string)?.beganAt ?? -Infinity)
    return anomalyIf(age < maxIdAge - 2 * skew, () => anomaly('early renewal', exchange, `replaced an id that was at most ${age} ms old`))
  })
}

/** No id is replaced because of its age within two minutes after its session got another new id. */
export function forkedRenewal({ timelines, history: { rules } }: Analysis): Anomaly[] {
  return timelines.flatMap(({ requests, family }) => {
    const renewals = requests.filter((exchange) => isRenewal(exchange, rules))
    const issuing = requests.filter(({ setCookie = '' }) => familyOf(setCookie) === family)
    return renewals.flatMap((exchange) => {
      const other = issuing.find((each) => each.began < exchange.began && isForkOf(each, exchange, rules))
      return anomalyIf(other !== undefined, () =>
        anomaly('forked renewal', exchange, `replaced the id that ${other?.script.number} had just replaced`),
      )
    })
  })
}

/** Whether a renewal came certainly less than two minutes after, or before, another new id. */
function isForkOf(other: Exchange, renewal: Exchange, rules: Rules): boolean {
  const isClose = Math.max(renewal.endedAt - other.beganAt, other.endedAt - renewal.beganAt) < SEVERAL_IDS - 2 * rules.skew
  return isClose && (other.ended < renewal.began || isRenewal(other, rules))
}

/**
 * A response to a request with an id that is too old has a new one, unless another response has just
 * given the session one. Only without faults, because a read succeeds also if the write fails.
 */
export function missedRenewal({ timelines, issuers, history: { rules } }: Analysis): Anomaly[] {
  const { maxIdAge, skew, faults, maxStale } = rules
  if (maxIdAge === undefined || faults || maxStale > 0) return []
  return timelines.flatMap(({ observations, requests, family }) =>
    observations.flatMap(({ exchange }) => {
      const { cookie, beganAt, endedAt, setCookie, code } = exchange
      const age = beganAt - (issuers.get(cookie as string)?.endedAt ?? Infinity)
      if (age < maxIdAge + 2 * skew || setCookie !== undefined || code !== undefined) return []
      const isExcused = requests.some((each) => {
        const overlaps = each.began < exchange.ended && each.ended > exchange.began
        const isYoung =
          familyOf(each.setCookie ?? '') === family && each.beganAt < endedAt && each.endedAt > beganAt - SEVERAL_IDS - 2 * skew
        return isYoung || (overlaps && each.cookie !== cookie)
      })
      const livesOn = observations.some((each) => each.exchange.began > exchange.ended)
      return anomalyIf(!isExcused && livesOn, () => anomaly('missed renewal', exchange, `got no new id for one that was ${age} ms old`))
    }),
  )
}

/**
 * A renewal ends all ids but the new one and the one before. Of these two only the first one that is
 * used after two minutes stays.
 */
export function oldIdAlive(analysis: Analysis): Anomaly[] {
  const { timelines, history } = analysis
  return timelines.flatMap((timeline) =>
    timeline.requests
      .filter((exchange) => isRenewal(exchange, history.rules))
      .flatMap((renewal) => [...findOlder(timeline, renewal, analysis), ...findBothUsed(timeline, renewal, analysis)]),
  )
}

function findOlder({ observations }: SessionTimeline, renewal: Exchange, { issuers, visibleBefore }: Analysis): Anomaly[] {
  return observations.flatMap(({ exchange }) => {
    const isOlder = (issuers.get(exchange.cookie as string)?.ended ?? Infinity) < renewal.began
    const isEnded = isOlder && exchange.cookie !== renewal.cookie && visibleBefore(exchange) > renewal.ended
    return anomalyIf(isEnded, () => anomaly('old id alive', exchange, `sent an id that ${renewal.script.number} had ended`))
  })
}

/** If the store can fail, the write that ends the overlap may be missing, and is then repeated. */
function findBothUsed({ observations, requests }: SessionTimeline, renewal: Exchange, { history, visibleBefore }: Analysis): Anomaly[] {
  const { rules } = history
  if (rules.faults) return []
  const both = [renewal.cookie, renewal.setCookie]
  const late = observations.filter(
    ({ exchange }) => both.includes(exchange.cookie) && exchange.beganAt > renewal.endedAt + SEVERAL_IDS + 2 * rules.skew,
  )
  const uses = requests.filter((each) => both.includes(each.cookie) && each.endedAt >= earliestEnd(renewal, rules))
  return late.flatMap(({ exchange }) => {
    const usesOfSame = uses.filter(({ cookie }) => cookie === exchange.cookie)
    const first = late.find(
      (each) =>
        each.exchange.cookie !== exchange.cookie && each.exchange.ended < visibleBefore(exchange) && isFirstUse(each.exchange, usesOfSame),
    )
    return anomalyIf(first !== undefined, () =>
      anomaly('old id alive', exchange, `sent another id than ${first?.exchange.script.number} after the overlap`),
    )
  })
}

/**
 * Whether a request after an overlap has certainly made its id the only one: it did not fail, and none of
 * the requests with another id can have been first.
 */
export function isFirstUse({ code, ended }: Exchange, others: readonly Exchange[]): boolean {
  return (code === undefined || code === 'APPLICATION') && others.every(({ began }) => began > ended)
}

/**
 * Whether, after two minutes, the other id of a renewal may have been used first. The renewal may be that
 * of the reader, if a claim or a save before its end got the new id.
 */
export function endedWithRenewal({ requests }: SessionTimeline, reader: Exchange, { history: { rules } }: Analysis): boolean {
  return requests.some((renewal) => {
    const both = [renewal.cookie, renewal.setCookie]
    if (!mayBeRenewal(renewal, rules) || !both.includes(reader.cookie)) return false
    const end = earliestEnd(renewal, rules)
    const isOther = (each: Exchange): boolean =>
      each !== reader && both.includes(each.cookie) && (renewal === reader || each.cookie !== reader.cookie)
    return reader.endedAt >= end && requests.some((each) => isOther(each) && each.began < reader.ended && each.endedAt >= end)
  })
}

/** The earliest time at which both ids are no longer valid. */
function earliestEnd({ beganAt }: Exchange, { skew }: Rules): number {
  return beganAt + SEVERAL_IDS - 2 * skew
}

function renewalsIn(timelines: readonly SessionTimeline[], rules: Rules): readonly Exchange[] {
  return timelines.flatMap(({ requests }) => requests.filter((exchange) => isRenewal(exchange, rules)))
}
