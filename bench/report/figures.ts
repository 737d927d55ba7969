import { median } from 'simple-statistics'
import { CANDIDATES, type Candidate, nameOf } from '../candidates.ts'
import type { Round } from '../measure/cell.ts'
import type { CellResult } from '../measure/results.ts'
import type { Framework } from '../servers/serve.ts'
import type { WorkloadName } from '../workloads.ts'

/** The medians of one candidate under one workload. */
export interface Figure {
  readonly candidate: Candidate
  readonly workload: WorkloadName
  /**
   * Microseconds of CPU time per request in addition to the bare framework's: the median ratio to
   * the bare framework in the same round, minus one, times the bare framework's time.
   */
  readonly extra: number
  readonly operations: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly bytes: number
  readonly cookieBytes: number
}

/** The figures of a run. */
export class Figures {
  readonly #cells: readonly CellResult[]

  constructor(cells: readonly CellResult[]) {
    this.#cells = cells
  }

  /** Returns `undefined` if the candidate was not measured in this run. */
  of(candidate: Candidate, workload: WorkloadName): Figure | undefined {
    const rounds = this.#rounds(nameOf(candidate), workload)
    const bare = this.#bare(candidate.framework, workload)
    if (rounds.length === 0 || bare.length === 0) return undefined
    const middle = (property: keyof Round): number => median(rounds.map((round) => round[property]))
    return {
      candidate,
      workload,
      extra: (median(rounds.map(({ cpu }, index) => cpu / (bare[index] ?? Number.NaN))) - 1) * median(bare),
      operations: middle('operations'),
      perSecond: middle('perSecond'),
      p50: middle('p50'),
      p99: middle('p99'),
      bytes: middle('bytes'),
      cookieBytes: middle('cookieBytes'),
    }
  }

  /** Returns the figures of all matching candidates. */
  where(wanted: (candidate: Candidate) => boolean, workload: WorkloadName): readonly Figure[] {
    return CANDIDATES.filter(wanted).flatMap((candidate) => this.of(candidate, workload) ?? [])
  }

  /**
   * The difference of two servers of the same bare framework, in microseconds per request; smaller
   * differences are noise.
   */
  spread(framework: Framework, workload: WorkloadName): number {
    const first = this.#rounds(`${framework} / bare / none`, workload)
    const second = this.#rounds(`${framework} / bare again / none`, workload)
    return first.length === 0 ? 0 : median(first.map(({ cpu }, index) => Math.abs(cpu - (second[index]?.cpu ?? cpu))))
  }

  /** The time of the bare framework in each round: the mean of its two servers. */
  #bare(framework: Framework, workload: WorkloadName): readonly number[] {
    const first = this.#rounds(`${framework} / bare / none`, workload)
    const second = this.#rounds(`${framework} / bare again / none`, workload)
    return first.map(({ cpu }, index) => (cpu + (second[index]?.cpu ?? cpu)) / 2)
  }

  #rounds(candidate: string, workload: WorkloadName): readonly Round[] {
    return this.#cells.find((cell) => cell.candidate === candidate && cell.workload === workload)?.rounds ?? []
  }
}
