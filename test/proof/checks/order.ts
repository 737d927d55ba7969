// The order of commits: what the property `log` tells.

import { type Anomaly, anomaly, found } from './anomaly.ts'
import type { Chain, Chains, Placed } from './analysis.ts'
import type { Exchange, Rules } from './history.ts'

/** A mark that is there twice was applied twice. */
export function doubleApplication({ all }: Chains): Anomaly[] {
  return all.flatMap(({ readings }) =>
    readings.flatMap(({ log, exchange }) =>
      found(new Set(log).size !== log.length, () => anomaly('double application', exchange, `saw ${log.join(' ')}`)),
    ),
  )
}

/** Everyone has to see a prefix of one and the same list. */
export function forkedRead({ all }: Chains): Anomaly[] {
  return all.flatMap(({ readings, log, birth }) =>
    readings.flatMap(({ log: seen, exchange }) =>
      found(seen.length <= birth || seen.some((mark, index) => mark !== log[index]), () =>
        anomaly('forked read', exchange, `saw ${seen.join(' ')} where others saw ${log.join(' ')}`),
      ),
    ),
  )
}

/** What was reported as not saved, or was not even begun, must not be seen. */
export function dirtyRead({ all, units, scripts, history }: Chains): Anomaly[] {
  return all.flatMap(({ readings }) =>
    readings.flatMap(({ log, exchange }) => {
      const dirty = log.find((mark) => isUnsaved(units.get(mark), exchange, history.rules) || isFromNowhere(mark, units, scripts, exchange))
      return dirty === undefined ? [] : [anomaly('dirty read', exchange, `saw ${dirty}, which was not saved`)]
    }),
  )
}

function isUnsaved(placed: Placed | undefined, reader: Exchange, { resends }: Rules): boolean {
  if (placed?.unit.outcome !== 'no') return false
  // A write that its client library sent twice, with the session's end in between, is told "gone" although it was there for a moment.
  const hadItsMoment = resends && placed.exchange.code === 'ERR_SESSION_ENDED' && reader.began < placed.exchange.ended
  return !hadItsMoment
}

function isFromNowhere(mark: number, units: Chains['units'], scripts: Chains['scripts'], reader: Exchange): boolean {
  const writer = scripts.get(Math.floor(mark / 10))
  return writer === undefined || writer.began > reader.ended || (writer.report !== undefined && !units.has(mark))
}

/** A session belongs to one browser. */
export function anothersData({ all, scripts }: Chains): Anomaly[] {
  return all.flatMap(({ readings }) =>
    readings.flatMap(({ log, exchange }) => {
      const foreign = log.find((mark) => (scripts.get(Math.floor(mark / 10))?.browser ?? exchange.browser) !== exchange.browser)
      return foreign === undefined ? [] : [anomaly("another session's data", exchange, `saw ${foreign}, which is another browser's`)]
    }),
  )
}

/** What was answered before a request began is in what it saw; nobody ever saw it: lost. Only this one did not: stale. */
export function lostUpdate(chains: Chains): Anomaly[] {
  return chains.all.flatMap((chain) => {
    const place = new Map(chain.log.map((mark, index) => [mark, index]))
    const answered = (chains.homes.get(chain.family) ?? [])
      .filter(({ unit }) => unit.outcome === 'ok')
      .sort((a, b) => a.exchange.ended - b.exchange.ended)
    return [...lost(chain, answered, place, chains.asOf), ...stale(chain, answered, place, chains.asOf), ...overtaken(answered, place)]
  })
}

function lost({ readings }: Chain, answered: readonly Placed[], place: ReadonlyMap<number, number>, asOf: Chains['asOf']): Anomaly[] {
  const last = Math.max(...readings.map(({ exchange }) => asOf(exchange)))
  return answered
    .filter(({ unit, exchange }) => !place.has(unit.mark) && exchange.ended < last)
    .map(({ unit, exchange }) => anomaly('lost update', exchange, `${unit.mark} was answered and is nowhere to be seen`))
}

function stale({ readings }: Chain, answered: readonly Placed[], place: ReadonlyMap<number, number>, asOf: Chains['asOf']): Anomaly[] {
  const newest = newestBefore(answered, place)
  return [...readings]
    .sort((a, b) => asOf(a.exchange) - asOf(b.exchange))
    .flatMap(({ log, exchange }) => {
      const due = newest(asOf(exchange))
      return found(log.length <= due, () => anomaly('stale read', exchange, `saw ${log.length} commits when ${due + 1} had been answered`))
    })
}

/** A commit that began after another was answered stands behind it. */
function overtaken(answered: readonly Placed[], place: ReadonlyMap<number, number>): Anomaly[] {
  const newest = newestBefore(answered, place)
  return [...answered]
    .sort((a, b) => a.exchange.began - b.exchange.began)
    .flatMap(({ unit, exchange }) => {
      const at = place.get(unit.mark)
      return found(at !== undefined && at < newest(exchange.began), () =>
        anomaly('lost update', exchange, `${unit.mark} stands before what it came after`),
      )
    })
}

/** The last place in the log that had been answered at an instant; to be asked in the order of time. */
function newestBefore(answered: readonly Placed[], place: ReadonlyMap<number, number>): (instant: number) => number {
  let next = 0
  let newest = -1
  return function at(instant) {
    for (; next < answered.length && (answered[next] as Placed).exchange.ended < instant; next++) {
      newest = Math.max(newest, place.get((answered[next] as Placed).unit.mark) ?? -1)
    }
    return newest
  }
}
