// Responses to the browser, and the rows that are left at the end.

import { keyOf } from '../simulation/subject.ts'
import type { Analysis, PlacedUnit } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import { endsOf } from './ends.ts'
import { type Exchange, familyOf, type Rules } from './history.ts'
import { mayBeRenewal } from './id-lineage.ts'
import { logsIn, renewsId } from './id-state.ts'

/** At most one `Set-Cookie`, for a committed new id, for a renewal or for a flush, and none is missing. */
export function wrongCookie({ history, units }: Analysis): Anomaly[] {
  const byExchange = Map.groupBy(units.values(), ({ exchange }) => exchange)
  return history.exchanges.flatMap((exchange) => {
    const problem = cookieProblem(exchange, byExchange.get(exchange) ?? [], history.rules)
    return problem === undefined ? [] : [anomaly('wrong cookie', exchange, problem)]
  })
}

function cookieProblem(exchange: Exchange, placed: readonly PlacedUnit[], rules: Rules): string | undefined {
  const { cookie, setCookie, setCookies, report, code } = exchange
  if (report === undefined) return undefined
  if (setCookies > 1) return `${setCookies} Set-Cookie headers`
  const newIds = placed.filter(({ unit, startsSession }) => unit.outcome === 'ok' && (startsSession || renewsId(unit)))
  const isRequired = report.flush === undefined ? newIds.length > 0 : newIds.some(({ unit }) => unit.fresh)
  if (setCookie === '') return report.flush === 'ok' ? undefined : 'the cookie was deleted without a flush'
  const isExplained = newIds.length > 0 || mayBeRenewal(exchange, rules)
  if (setCookie !== undefined) return isExplained ? undefined : 'an id was issued that no commit created'
  if (isRequired) return 'a new id was committed and not issued'
  return report.flush === 'ok' && cookie !== undefined && code === undefined
    ? 'the session was flushed and its cookie was not deleted'
    : undefined
}

const WITH_FAULTS = new Set(['ERR_SESSION_STORE', 'ERR_SESSION_COMMIT_UNKNOWN', 'ERR_SESSION_BUSY', 'NETWORK'])

/**
 * If the store works, every request succeeds or fails because its session ended, and every request
 * finishes in time.
 */
export function noProgress({ history }: Analysis): Anomaly[] {
  const { maxDuration, faults } = history.rules
  return history.exchanges.flatMap((exchange) => {
    const { code, script } = exchange
    const waits = script.steps.reduce((sum, step) => sum + (step.do === 'wait' ? step.ms : 0), 0)
    const took = exchange.endedAt - exchange.beganAt - waits
    const known = code === undefined || code === 'ERR_SESSION_ENDED' || code === 'APPLICATION' || (faults && WITH_FAULTS.has(code))
    return [
      ...anomalyIf(!known, () => anomaly('no progress', exchange, `failed with ${code}`)),
      ...anomalyIf(took > maxDuration, () => anomaly('no progress', exchange, `took ${took} ms`)),
    ]
  })
}

export function crashes({ history }: Analysis): Anomaly[] {
  return history.crashes.map((crash) => anomaly('crash', undefined, crash))
}

/**
 * A row that is left belongs to a session that a browser got an id for and that did not end, or to
 * a commit with an unknown outcome.
 */
export function orphanRows(analysis: Analysis): Anomaly[] {
  const { history, units } = analysis
  const ends = endsOf(analysis)
  const issued = new Set(
    history.exchanges.flatMap(({ setCookie }) => (setCookie === undefined || setCookie === '' ? [] : [familyOf(setCookie)])),
  )
  const allowed = new Set([...issued].filter((family) => !ends.has(family)).map(keyOf))
  const ended = new Set([...ends.keys()].map(keyOf))
  const revived = history.rows.filter((row) => ended.has(row)).length
  const orphans = history.rows.filter((row) => !allowed.has(row) && !ended.has(row)).length
  const unclear = [...units.values()].filter(
    ({ unit, family }) => unit.outcome === 'unknown' && (family === undefined || logsIn(unit)),
  ).length
  const lostResponses = history.exchanges.filter(({ report, setCookie }) => report === undefined && setCookie === undefined).length
  return [
    ...anomalyIf(revived > 0, () => anomaly('orphan rows', undefined, `${revived} rows of sessions that were flushed`)),
    ...anomalyIf(orphans > unclear + lostResponses + history.lateRows, () =>
      anomaly('orphan rows', undefined, `${orphans} rows whose ids were not issued`),
    ),
  ]
}
