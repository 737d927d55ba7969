// The values of the properties: every state that a request saw is compared with the model.

import { applyChanges, type State, UNKNOWN } from '../model/model.ts'
import type { Analysis, Observation, SessionTimeline } from './analysis.ts'
import { type Anomaly, anomaly, anomalyIf } from './anomaly.ts'
import type { Claim, Exchange } from './history.ts'

interface Claimed {
  readonly claim: Claim
  readonly exchange: Exchange
}

/** All claims by the value they returned, and the claims whose result is not known. */
interface Claims {
  readonly taken: ReadonlyMap<unknown, Claimed>
  readonly unknown: readonly Claimed[]
}

/** A state that a request saw is the result of the commits up to that point. */
export function wrongMerge(analysis: Analysis): Anomaly[] {
  const claims = claimsOf(analysis)
  return analysis.timelines.flatMap((timeline) =>
    timeline.observations.flatMap((observation) => wrongProperties(timeline, observation, claims)),
  )
}

function wrongProperties({ log, states }: SessionTimeline, { exchange, log: seen, data }: Observation, claims: Claims): Anomaly[] {
  const position = seen.length - 1
  const state = states[position]
  if (state === undefined || seen[position] !== log[position]) return []
  const names = new Set([...state.data.keys(), ...Object.keys(data)])
  return [...names].flatMap((name) => {
    const wanted = state.data.get(name)
    if (wanted === UNKNOWN || isEqual(wanted, data[name])) return []
    if (data[name] === undefined && mayBeTaken(name, wanted, exchange, claims)) return []
    return [
      anomaly('wrong merge', exchange, `after ${seen[position]} "${name}" was ${formatValue(data[name])}, not ${formatValue(wanted)}`),
    ]
  })
}

function mayBeTaken(name: string, value: unknown, reader: Exchange, { taken, unknown }: Claims): boolean {
  const claimed = taken.get(value)
  if (claimed !== undefined && claimed.exchange.began < reader.ended) return true
  return unknown.some(({ claim, exchange }) => claim.name === name && exchange.browser === reader.browser && exchange.began < reader.ended)
}

function claimsOf({ history }: Analysis): Claims {
  const all = history.exchanges.flatMap((exchange) => claimed(exchange).map((claim) => ({ claim, exchange })))
  const taken = new Map(all.filter(({ claim }) => claim.taken !== undefined).map((each) => [each.claim.taken, each]))
  return { taken, unknown: all.filter(({ claim }) => claim.outcome === 'unknown' || claim.hadPendingChanges) }
}

/** The claims of a request; those of its script if its response was lost. */
function claimed({ report, script }: Exchange): Claim[] {
  if (report !== undefined) return report.claims
  return script.steps.flatMap((step) =>
    step.do === 'claim' ? [{ name: step.name, taken: undefined, hadPendingChanges: false, outcome: 'unknown', at: 0 }] : [],
  )
}

/**
 * A claim returns a value at most once, and no request reads it after the response to its claim.
 */
export function claimedTwice(analysis: Analysis): Anomaly[] {
  const all = analysis.history.exchanges.flatMap((exchange) => (exchange.report?.claims ?? []).map((claim) => ({ claim, exchange })))
  const byValue = Map.groupBy(
    all.filter(({ claim }) => claim.taken !== undefined),
    ({ claim }) => claim.taken,
  )
  const twice = [...byValue].flatMap(([value, claims]) =>
    anomalyIf(claims.length > 1, () => anomaly('claimed twice', claims[1]?.exchange, formatValue(value))),
  )
  return [
    ...twice,
    ...analysis.timelines.flatMap(({ observations }) =>
      observations.flatMap((observation) => seenAgain(observation, byValue, analysis.visibleBefore)),
    ),
  ]
}

function seenAgain(
  { data, exchange }: Observation,
  byValue: ReadonlyMap<unknown, readonly Claimed[]>,
  visibleBefore: Analysis['visibleBefore'],
): Anomaly[] {
  return Object.values(data).flatMap((value) => {
    const claim = byValue.get(value)?.find((each) => each.exchange.ended < visibleBefore(exchange))
    return claim === undefined ? [] : [anomaly('claimed twice', exchange, `saw ${formatValue(value)} after it was claimed`)]
  })
}

/** A request sees the state at its opening with its own changes applied. */
export function ownChanges({ history, byFamily, units }: Analysis): Anomaly[] {
  return history.exchanges.flatMap((exchange) => {
    const { opened, closing, ownChanges = [], claims = [], units: own = [] } = exchange.report ?? {}
    if (opened === undefined || closing === undefined) return []
    // A login that was saved may have started another session, without the data of the first.
    if (opened.exists && own.slice(0, -1).some((unit) => units.get(unit.id)?.startsSession === true)) return []
    const timeline = byFamily.get(exchange.cookie?.slice(0, exchange.cookie.indexOf('.')) ?? '')
    const { lastUser } = (opened.exists ? timeline?.states[opened.log.length - 1] : undefined) ?? { lastUser: undefined }
    const base: State = { data: new Map(Object.entries(opened.data)), lastUser }
    if (lastUser === UNKNOWN) return []
    const wanted = applyChanges(base, ownChanges).data
    const ignored = new Set(claims.map(({ name }) => name))
    const names = [...new Set([...wanted.keys(), ...Object.keys(closing.data)])].filter((name) => !ignored.has(name))
    const wrong = names.find((name) => !isEqual(wanted.get(name), closing.data[name]))
    return wrong === undefined
      ? []
      : [
          anomaly(
            'own changes not seen',
            exchange,
            `"${wrong}" was ${formatValue(closing.data[wrong])}, not ${formatValue(wanted.get(wrong))}`,
          ),
        ]
  })
}

function isEqual(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function formatValue(value: unknown): string {
  return value === undefined ? 'absent' : typeof value === 'symbol' ? String(value) : JSON.stringify(value)
}
