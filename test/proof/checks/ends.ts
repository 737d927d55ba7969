// How sessions and ids end: flush, another user's login, a new id, expiry; and that nothing else ends them.

import { type Anomaly, anomaly, found } from './anomaly.ts'
import { type Chain, type Chains, type Placed, renewsId } from './analysis.ts'
import { type Exchange, familyOf } from './history.ts'

/** When a session was certainly over, by family: the place at which its end was answered. */
export function endsOf({ history, units, of }: Chains): Map<string, number> {
  const ends = new Map<string, number>()
  const end = (id: string, at: number): unknown => ends.set(familyOf(id), Math.min(at, ends.get(familyOf(id)) ?? Infinity))
  for (const { cookie, report, ended } of history.exchanges) if (cookie !== undefined && report?.flush === 'ok') end(cookie, ended)
  for (const { unit, exchange, born, home = '' } of units.values()) {
    // A session that begins with a login over another user's was laid on the one that the login ended; its log tells.
    const ousts = born && unit.outcome === 'ok' && (of.get(home)?.birth ?? 0) > 0
    if (ousts && exchange.cookie !== undefined) end(exchange.cookie, exchange.ended)
  }
  return ends
}

/** After the answer to a flush nobody sees the session, and nothing is saved in it. */
export function aliveAfterEnd(chains: Chains): Anomaly[] {
  const ends = endsOf(chains)
  const seen = chains.all.flatMap(({ family, readings }) =>
    readings.flatMap(({ exchange }) =>
      found(chains.asOf(exchange) > (ends.get(family) ?? Infinity), () =>
        anomaly('alive after its end', exchange, 'saw a session that was flushed'),
      ),
    ),
  )
  const saved = [...chains.units.values()].flatMap(({ unit, exchange, home }) =>
    found(home !== undefined && unit.outcome === 'ok' && exchange.began > (ends.get(home) ?? Infinity), () =>
      anomaly('alive after its end', exchange, 'saved in a session that was flushed'),
    ),
  )
  return [...seen, ...saved]
}

/** Whoever sees a session came with the one id that was alive then. */
export function twoLiveIds({ all, units }: Chains): Anomaly[] {
  const strangers = all.flatMap(({ readings, ids }) =>
    readings.flatMap(({ exchange, log }) => {
      const living = ids[log.length - 1]
      return found(living !== undefined && exchange.cookie !== living, () =>
        anomaly('two live ids', exchange, `came with an id that ${log.at(-1)} had replaced`),
      )
    }),
  )
  return [...strangers, ...copies(all, units)]
}

/** One commit in two sessions: one is a copy of the other. */
function copies(all: readonly Chain[], units: Chains['units']): Anomaly[] {
  return all.flatMap(({ family, log, birth }) => {
    const copied = log.slice(birth).find((mark) => (units.get(mark)?.home ?? family) !== family)
    return copied === undefined ? [] : [anomaly('two live ids', units.get(copied)?.exchange, `${copied} is in two sessions`)]
  })
}

/** Who finds no session, or is told that it is gone, was overtaken by something that ends one. */
export function lostSession(chains: Chains): Anomaly[] {
  return chains.history.exchanges.flatMap((exchange) => {
    const { cookie, report, code } = exchange
    if (cookie === undefined || (report?.opened?.live !== false && code !== 'ERR_SESSION_ENDED')) return []
    const chain = chains.of.get(familyOf(cookie))
    const excused = chain === undefined || endedBy(chain, exchange, chains) || mayHaveExpired(chain, exchange, chains)
    return found(!excused, () => anomaly('session lost', exchange, code === undefined ? 'found no session' : 'was told that it is gone'))
  })
}

function endedBy({ visits }: Chain, reader: Exchange, { givers }: Chains): boolean {
  const producer = givers.get(reader.cookie ?? '')
  return visits.some((exchange) => {
    if (exchange.began > reader.ended || exchange === reader) return false
    if (exchange.report === undefined)
      return exchange.script.steps.some((step) => step.do === 'flush' || step.do === 'cycle' || step.do === 'login')
    if (exchange.report.flush !== undefined && exchange.report.flush !== 'no') return true
    if (exchange.ended < (producer?.began ?? 0)) return false
    return (
      exchange !== producer &&
      exchange.report.units.some((unit) => renewsId(unit) && (unit.outcome !== 'no' || exchange.code !== 'ERR_SESSION_ENDED'))
    )
  })
}

function mayHaveExpired({ family }: Chain, reader: Exchange, { history, homes }: Chains): boolean {
  const { idle, absolute, skew } = history.rules
  const answered = (homes.get(family) ?? []).filter(({ unit, exchange }) => unit.outcome === 'ok' && exchange.ended < reader.began)
  const start = Math.max(...answered.filter(startsLifetime).map(({ unit }) => unit.at))
  const least = Math.max(...answered.map(({ unit }) => Math.min(unit.at + idle, start + absolute)))
  return reader.endedAt + 2 * skew >= least
}

export function startsLifetime({ unit, born }: Placed): boolean {
  return born || unit.changes.some((change) => change.do === 'login')
}
