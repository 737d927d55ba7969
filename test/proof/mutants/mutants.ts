import { libraryOver, oneMemory, type Wrap } from '../simulation/fixtures.ts'
import type { Choice } from '../scenario/generator.ts'
import type { MakeWorld } from '../simulation/simulate.ts'
import { keyOf } from '../simulation/subject.ts'
import * as broken from './broken-stores.ts'
import { type Flaw, smallLibrary } from './small-library.ts'
import { SmallRows } from './small-rows.ts'

/** Something broken, and the anomalies of which at least one has to be found in it. */
export interface Mutant {
  readonly name: string
  readonly world: MakeWorld
  readonly choice: Choice
  readonly shows: readonly string[]
}

/** Nothing but what the mutant is about, so that what is found is the mutant's own. */
const CALM: Choice = { faults: false, resent: false, longWaits: false }

function store(name: string, wrap: Wrap, shows: readonly string[], choice: Choice = CALM): Mutant {
  return { name, world: libraryOver(oneMemory, wrap), choice, shows }
}

function library(flaw: Flaw, shows: readonly string[], choice: Choice = CALM): Mutant {
  return { name: flaw, world: small(flaw), choice, shows }
}

/** Processes with the small library, on one table. */
export function small(flaw: Flaw): MakeWorld {
  return ({ scenario, random, clock }) => {
    const { idle, absolute, processes, weather } = scenario
    const rows = new SmallRows(() => random.next() * weather.latency)
    let ids = 0
    const process = (index: number): ReturnType<typeof smallLibrary> =>
      smallLibrary({ rows, flaw, idle, absolute, now: clock(index), draw: () => `id${ids++}` })
    return {
      subjects: Array.from({ length: processes }, (_, index) => process(index)),
      onlooker: process(-1),
      rows: async () => [...rows.rows.keys()].map((key) => keyOf(key.split('.')[0] as string)),
      touches: () => [],
      lateRows: () => 0,
    }
  }
}

export const MUTANTS: readonly Mutant[] = [
  store('blind write', broken.blindWrite, ['lost update']),
  store('upsert that resurrects', broken.upsert, ['alive after its end', 'orphan rows']),
  store('stale cached retry', broken.staleRetry, ['no progress']),
  store('double application after a silent re-send', broken.forgetsNonces, ['double application'], { ...CALM, resent: true }),
  store('double application after an unknown outcome', broken.forgetsNonces, ['double application'], { ...CALM, faults: true }),
  store('deletion answered before it is done', broken.lazyDelete, ['alive after its end']),
  store('deletion not done', broken.deafDelete, ['alive after its end', 'orphan rows']),
  store('load through a cache', broken.cachedLoad, ['stale read']),
  store('write answered before it is done', broken.earlyAnswer, ['lost update', 'stale read']),
  store('failure taken for a success', broken.swallowsErrors, ['lost update'], { ...CALM, faults: true }),
  store('load shows what is under way', broken.dirtyLoad, ['dirty read', 'forked read']),
  store("another session's answer", broken.mixedAnswers, ["another session's data"]),
  store('write over an expired row', broken.expiryIgnored, ['alive after expiry'], { ...CALM, longWaits: true }),
  store('touch that shortens', broken.shorteningTouch, ['expiry moved backwards']),
  store('touch that revives', broken.revivingTouch, ['alive after its end', 'orphan rows']),
  store('touch without an absolute end', broken.endlessTouch, ['expiry past the absolute end']),
  library('whole snapshot', ['lost update', 'wrong merge']),
  library('deep merge', ['wrong merge', 'lost update']),
  library('two-step claim', ['claimed twice']),
  library('copy, then delete', ['two live ids', 'lost update']),
  library('flush misses the id born meanwhile', ['alive after its end', 'orphan rows']),
  library('read that writes', ['lost update', 'forked read']),
  library('cookie from an uncommitted cycle', ['broken chain of ids']),
  library('expiry not checked', ['alive after expiry'], { ...CALM, longWaits: true }),
]
