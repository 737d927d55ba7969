// Why: in a move from express-session, old and new instances run at the same time, on two stores.
// Here every process is replaced at a random time: by a new instance with the bridge, sometimes by an
// old one again, and at last by one without the bridge, when no old one runs.

import { MemoryStore } from '../../../src/stores/memory.ts'
import { FaultyStore } from '../faults/faulty-store.ts'
import { RELIABLE, type Scenario } from '../scenario/generator.ts'
import type { Random } from '../scenario/random.ts'
import type { Wrap } from '../simulation/fixtures.ts'
import type { Middleware } from './http.ts'
import { faultyOldStore, OldRows, slowOriginal } from './original.ts'
import { type Conditions, type Instance, type MakeProcesses, newDropIn, OBSERVER, SECRET } from './runs.ts'

/** Conditions of the seeds of a move. */
export const MOVE: Conditions = { quietRounds: true }

type Kind = 'old' | 'bridge' | 'take'

/** When a process is replaced, in milliseconds after the start, and by what. */
interface Change {
  readonly at: number
  readonly to: Kind
}

/** The processes of a move, on two memory stores. Only the connections of new instances have faults. */
export function moving(wrap: Wrap = (store) => store): MakeProcesses {
  return (scenario, random, now) => {
    const start = now()
    const [rows, oldRows] = [new MemoryStore({ max: Number.POSITIVE_INFINITY }), new OldRows()]
    const { faultRates } = scenario
    const added = (bridge: boolean): Middleware =>
      newDropIn(
        {
          store: wrap(new FaultyStore(rows, faultRates, random.fork())),
          carryOver: { store: faultyOldStore(oldRows, faultRates, random.fork()), bridge },
        },
        random,
        now,
      )
    const processes = planMove(scenario, random.fork()).map((changes) => ({
      changes,
      instances: { old: slowOriginal(SECRET, oldRows, random.fork(), faultRates.latency), bridge: added(true), take: added(false) },
    }))
    const observer = newDropIn({ store: wrap(rows), carryOver: faultyOldStore(oldRows, RELIABLE, random.fork()) }, random, now)
    let running = 0
    const onDone = (): void => void (running -= 1)
    return (process): Instance => {
      const found = processes[process]
      if (process === OBSERVER || found === undefined) return { middleware: observer }
      const elapsed = now() - start
      const planned = found.changes.findLast(({ at }) => at <= elapsed)?.to ?? 'old'
      // A process without the bridge starts when the last request of an old one is done.
      const kind = planned === 'take' && running > 0 ? 'bridge' : planned
      if (kind !== 'old') return { middleware: found.instances[kind], writesOldStore: true }
      running += 1
      return { middleware: found.instances.old, isOld: true, onDone }
    }
  }
}

/** The changes of each process, in their order. All old instances end before the first without the bridge. */
function planMove({ rounds, processes }: Scenario, random: Random): Change[][] {
  const length = Math.max(...rounds.map((all) => all.reduce((sum, { waitBefore }) => sum + waitBefore + LENGTH_OF_ROUND, 0)))
  const time = (): number => random.next() * length * 0.7
  const bridged = Array.from({ length: processes }, (): Change[] => {
    const times = Array.from({ length: random.chance(0.3) ? 3 : 1 }, time).sort((a, b) => a - b)
    return times.map((at, index) => ({ at, to: index % 2 === 0 ? 'bridge' : 'old' }))
  })
  const last = Math.max(...bridged.flat().map(({ at }) => at))
  return bridged.map((changes) => [...changes, { at: last + 1 + random.next() * (length - last), to: 'take' }])
}

/** About how long the requests of a round take, in milliseconds. */
const LENGTH_OF_ROUND = 150
