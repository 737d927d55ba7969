import { type Candidate, isBare, nameOf } from '../candidates.ts'
import type { StoreLocation } from '../stores/connections.ts'
import type { WorkloadName } from '../workloads.ts'
import { Cell, type Round } from './cell.ts'
import type { CellResult } from './results.ts'
import { Server } from './server.ts'

/** The candidates and parameters of a run. */
export interface Plan {
  readonly candidates: readonly Candidate[]
  readonly workloads: readonly WorkloadName[]
  readonly seconds: number
  readonly rounds: number
  readonly connections: number
  /** Options of Node for the servers, such as `--cpu-prof`. */
  readonly nodeOptions: readonly string[]
}

/**
 * Measures the candidates of each framework side by side: all servers run, one is measured at a
 * time, and the rounds go A B C A B C, so that disturbances of the machine affect all of them
 * equally. Yields the results workload by workload.
 */
export async function* sideBySide(
  plan: Plan,
  location: Omit<StoreLocation, 'name'>,
  onCell: (name: string) => void,
): AsyncGenerator<readonly CellResult[], void, undefined> {
  for (const candidates of Object.values(Object.groupBy(plan.candidates, ({ framework }) => framework))) {
    const servers = await Promise.all(candidates.map((candidate) => Server.start(candidate, location, plan.nodeOptions)))
    try {
      for (const workload of plan.workloads) yield await measureWorkload(workload, servers, plan, onCell)
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
    }
  }
}

async function measureWorkload(
  workload: WorkloadName,
  servers: readonly Server[],
  { seconds, rounds, connections }: Plan,
  onCell: (name: string) => void,
): Promise<readonly CellResult[]> {
  const participants = servers.filter(({ candidate }) => candidate.workloads.includes(workload))
  const cells = await Promise.all(participants.map((server) => Cell.prepare(server, workload, connections)))
  for (const cell of cells) await cell.warmUp()
  const results = new Map<Cell, Round[]>(cells.map((cell) => [cell, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [cell, done] of results) {
      onCell(`${workload} ${nameOf(cell.server.candidate)}`)
      done.push(await cell.round(seconds))
    }
  }
  for (const cell of cells) await cell.checkCounts()
  return cells.map((cell) => ({ candidate: nameOf(cell.server.candidate), workload, rounds: results.get(cell) ?? [] }))
}

/** The number of rounds that `sideBySide` will measure. */
export function countRounds({ candidates, workloads, rounds }: Plan): number {
  return rounds * candidates.flatMap((candidate) => candidate.workloads.filter((workload) => workloads.includes(workload))).length
}

/** The candidates whose name matches, and the bare frameworks that they are compared with. */
export function matching(candidates: readonly Candidate[], pattern: RegExp): readonly Candidate[] {
  const wanted = candidates.filter((candidate) => pattern.test(nameOf(candidate)))
  const frameworks = new Set(wanted.map(({ framework }) => framework))
  return candidates.filter((candidate) => wanted.includes(candidate) || (isBare(candidate) && frameworks.has(candidate.framework)))
}
