// What the browser is told, and what is left when all is over.

import { keyOf } from '../simulation/subject.ts'
import { type Anomaly, anomaly, found } from './anomaly.ts'
import { type Chains, logsIn, type Placed, renewsId } from './analysis.ts'
import { endsOf } from './ends.ts'
import { type Exchange, familyOf } from './history.ts'

/** One `Set-Cookie` at the most, each with its reason: a new id that was committed, or a flush. And none forgotten. */
export function cookieChain({ history, units }: Chains): Anomaly[] {
  const byExchange = Map.groupBy(units.values(), ({ exchange }) => exchange)
  return history.exchanges.flatMap((exchange) => {
    const wrong = wrongCookie(exchange, byExchange.get(exchange) ?? [])
    return wrong === undefined ? [] : [anomaly('broken chain of ids', exchange, wrong)]
  })
}

function wrongCookie({ cookie, setCookie, setCookies, report, code }: Exchange, placed: readonly Placed[]): string | undefined {
  if (report === undefined) return undefined
  if (setCookies > 1) return `${setCookies} Set-Cookie headers`
  const made = placed.filter(({ unit, born }) => unit.outcome === 'ok' && (born || renewsId(unit)))
  const due = report.flush === undefined ? made.length > 0 : made.some(({ unit }) => unit.fresh)
  if (setCookie === '') return report.flush === 'ok' ? undefined : 'the cookie was deleted, and nothing was flushed'
  if (setCookie !== undefined) return made.length > 0 ? undefined : 'an id was given out that no commit made'
  if (due) return 'a new id was committed and not given out'
  return report.flush === 'ok' && cookie !== undefined && code === undefined ? 'the session was flushed and its cookie stayed' : undefined
}

const WITH_FAULTS = new Set(['ERR_SESSION_STORE', 'ERR_SESSION_COMMIT_UNKNOWN', 'ERR_SESSION_BUSY', 'NETWORK'])

/** Where the store works every request goes through, or is told that its session ended; and always in time. */
export function noProgress({ history }: Chains): Anomaly[] {
  const { patience, faults } = history.rules
  return history.exchanges.flatMap((exchange) => {
    const { code, script } = exchange
    const waits = script.steps.reduce((sum, step) => sum + (step.do === 'wait' ? step.ms : 0), 0)
    const took = exchange.endedAt - exchange.beganAt - waits
    const known = code === undefined || code === 'ERR_SESSION_ENDED' || code === 'APPLICATION' || (faults && WITH_FAULTS.has(code))
    return [
      ...found(!known, () => anomaly('no progress', exchange, `answered ${code}`)),
      ...found(took > patience, () => anomaly('no progress', exchange, `took ${took} ms`)),
    ]
  })
}

export function crashes({ history }: Chains): Anomaly[] {
  return history.crashes.map((crash) => anomaly('crash', undefined, crash))
}

/** A row that is left belongs to a session some browser was given and nobody ended; or to a commit with an unknown outcome. */
export function orphanRows(chains: Chains): Anomaly[] {
  const { history, units } = chains
  const ends = endsOf(chains)
  const given = new Set(
    history.exchanges.flatMap(({ setCookie }) => (setCookie === undefined || setCookie === '' ? [] : [familyOf(setCookie)])),
  )
  const allowed = new Set([...given].filter((family) => !ends.has(family)).map(keyOf))
  const ended = new Set([...ends.keys()].map(keyOf))
  const risen = history.rows.filter((row) => ended.has(row)).length
  const orphans = history.rows.filter((row) => !allowed.has(row) && !ended.has(row)).length
  const vague = [...units.values()].filter(({ unit, home }) => unit.outcome === 'unknown' && (home === undefined || logsIn(unit))).length
  const silent = history.exchanges.filter(({ report, setCookie }) => report === undefined && setCookie === undefined).length
  return [
    ...found(risen > 0, () => anomaly('orphan rows', undefined, `${risen} rows of sessions that were flushed`)),
    ...found(orphans > vague + silent + history.lateRows, () =>
      anomaly('orphan rows', undefined, `${orphans} rows that nobody was told of`),
    ),
  ]
}
