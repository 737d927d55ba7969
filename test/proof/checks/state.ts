// What the properties hold: every state that was seen is compared with the model.

import { ANY, after, type State } from '../model/model.ts'
import { type Anomaly, anomaly, found } from './anomaly.ts'
import type { Chain, Chains, Reading } from './analysis.ts'
import type { Claim, Exchange } from './history.ts'

interface Claimed {
  readonly claim: Claim
  readonly exchange: Exchange
}

/** All claims, by what they took; and those of which it is not known what they took. */
interface Claims {
  readonly taken: ReadonlyMap<unknown, Claimed>
  readonly vague: readonly Claimed[]
}

/** A state that was seen is the one that the commits up to there make of nothing. */
export function wrongMerge(chains: Chains): Anomaly[] {
  const claims = claimsOf(chains)
  return chains.all.flatMap((chain) => chain.readings.flatMap((reading) => wrongly(chain, reading, claims)))
}

function wrongly({ log, states }: Chain, { exchange, log: seen, data }: Reading, claims: Claims): Anomaly[] {
  const place = seen.length - 1
  const state = states[place]
  if (state === undefined || seen[place] !== log[place]) return []
  const names = new Set([...state.data.keys(), ...Object.keys(data)])
  return [...names].flatMap((name) => {
    const wanted = state.data.get(name)
    if (wanted === ANY || same(wanted, data[name])) return []
    if (data[name] === undefined && mayBeTaken(name, wanted, exchange, claims)) return []
    return [anomaly('wrong merge', exchange, `after ${seen[place]} "${name}" was ${show(data[name])}, not ${show(wanted)}`)]
  })
}

function mayBeTaken(name: string, value: unknown, reader: Exchange, { taken, vague }: Claims): boolean {
  const claimed = taken.get(value)
  if (claimed !== undefined && claimed.exchange.began < reader.ended) return true
  return vague.some(({ claim, exchange }) => claim.name === name && exchange.browser === reader.browser && exchange.began < reader.ended)
}

function claimsOf({ history }: Chains): Claims {
  const all = history.exchanges.flatMap((exchange) => claimed(exchange).map((claim) => ({ claim, exchange })))
  const taken = new Map(all.filter(({ claim }) => claim.taken !== undefined).map((each) => [each.claim.taken, each]))
  return { taken, vague: all.filter(({ claim }) => claim.outcome === 'unknown' || claim.over) }
}

/** The claims of a request; those in its script where its answer was lost. */
function claimed({ report, script }: Exchange): Claim[] {
  if (report !== undefined) return report.claims
  return script.steps.flatMap((step) =>
    step.do === 'claim' ? [{ name: step.name, taken: undefined, over: false, outcome: 'unknown', at: 0 }] : [],
  )
}

/** A value is handed out once at the most, and not seen any more when its claim has been answered. */
export function claimedTwice(chains: Chains): Anomaly[] {
  const all = chains.history.exchanges.flatMap((exchange) => (exchange.report?.claims ?? []).map((claim) => ({ claim, exchange })))
  const byValue = Map.groupBy(
    all.filter(({ claim }) => claim.taken !== undefined),
    ({ claim }) => claim.taken,
  )
  const twice = [...byValue].flatMap(([value, claims]) =>
    found(claims.length > 1, () => anomaly('claimed twice', claims[1]?.exchange, show(value))),
  )
  return [...twice, ...chains.all.flatMap(({ readings }) => readings.flatMap((reading) => seenAgain(reading, byValue, chains.asOf)))]
}

function seenAgain({ data, exchange }: Reading, byValue: ReadonlyMap<unknown, readonly Claimed[]>, asOf: Chains['asOf']): Anomaly[] {
  return Object.values(data).flatMap((value) => {
    const claim = byValue.get(value)?.find((each) => each.exchange.ended < asOf(exchange))
    return claim === undefined ? [] : [anomaly('claimed twice', exchange, `saw ${show(value)} after it was claimed`)]
  })
}

/** A request sees what it was opened with, and its own changes on it. */
export function ownChanges({ history, of }: Chains): Anomaly[] {
  return history.exchanges.flatMap((exchange) => {
    const { opened, closing, own = [], claims = [] } = exchange.report ?? {}
    if (opened === undefined || closing === undefined) return []
    const chain = of.get(exchange.cookie?.slice(0, exchange.cookie.indexOf('.')) ?? '')
    const { lastUser } = (opened.live ? chain?.states[opened.log.length - 1] : undefined) ?? { lastUser: undefined }
    const base: State = { data: new Map(Object.entries(opened.data)), lastUser }
    if (lastUser === ANY) return []
    const wanted = after(base, own).data
    const ignored = new Set(claims.map(({ name }) => name))
    const names = [...new Set([...wanted.keys(), ...Object.keys(closing.data)])].filter((name) => !ignored.has(name))
    const wrong = names.find((name) => !same(wanted.get(name), closing.data[name]))
    return wrong === undefined
      ? []
      : [anomaly('own changes not seen', exchange, `"${wrong}" was ${show(closing.data[wrong])}, not ${show(wanted.get(wrong))}`)]
  })
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : typeof value === 'symbol' ? String(value) : JSON.stringify(value)
}
