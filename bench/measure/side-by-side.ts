import { type Candidate, isBare, nameOf } from '../candidates.ts'
import type { StoreLocation } from '../stores/connections.ts'
import type { WorkloadName } from '../workloads.ts'
import { Cell, type Round } from './cell.ts'
import type { CellResult } from './results.ts'
import { Server } from './server.ts'

/** How long and how often. */
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
 * Measures the candidates of each framework side by side: all servers are up, one is asked at a time, and the rounds go A B C A B C, so
 * that what happens to the machine meanwhile happens to all of them. Yields what was measured, workload by workload.
 */
export async function* sideBySide(
  plan: Plan,
  place: Omit<StoreLocation, 'name'>,
  onCell: (name: string) => void,
): AsyncGenerator<readonly CellResult[], void, undefined> {
  for (const candidates of Object.values(Object.groupBy(plan.candidates, ({ framework }) => framework))) {
    const servers = await Promise.all(candidates.map((candidate) => Server.start(candidate, place, plan.nodeOptions)))
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
  const taking = servers.filter(({ candidate }) => candidate.workloads.includes(workload))
  const cells = await Promise.all(taking.map((server) => Cell.prepare(server, workload, connections)))
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

/** How many rounds `sideBySide` will tell of. */
export function countRounds({ candidates, workloads, rounds }: Plan): number {
  return rounds * candidates.flatMap((candidate) => candidate.workloads.filter((workload) => workloads.includes(workload))).length
}

/** The candidates whose name matches, and the bare frameworks they are measured against. */
export function matching(candidates: readonly Candidate[], pattern: RegExp): readonly Candidate[] {
  const wanted = candidates.filter((candidate) => pattern.test(nameOf(candidate)))
  const frameworks = new Set(wanted.map(({ framework }) => framework))
  return candidates.filter((candidate) => wanted.includes(candidate) || (isBare(candidate) && frameworks.has(candidate.framework)))
}
