import { median } from 'simple-statistics'
import { CANDIDATES, type Candidate, nameOf } from '../candidates.ts'
import type { Round } from '../measure/cell.ts'
import type { CellResult } from '../measure/results.ts'
import type { Framework } from '../servers/serve.ts'
import type { WorkloadName } from '../workloads.ts'

/** What became of one candidate under one workload: the median of its rounds. */
export interface Figure {
  readonly candidate: Candidate
  readonly workload: WorkloadName
  /** Microseconds of CPU time a request over the bare framework: by how many times dearer in the same round, times what that takes. */
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

  /** `undefined` when it was not measured in this run. */
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

  /** What was measured of the candidates that are asked for. */
  where(wanted: (candidate: Candidate) => boolean, workload: WorkloadName): readonly Figure[] {
    return CANDIDATES.filter(wanted).flatMap((candidate) => this.of(candidate, workload) ?? [])
  }

  /** What two servers of the same bare framework differed by, in microseconds a request: differences below it are noise. */
  spread(framework: Framework, workload: WorkloadName): number {
    const first = this.#rounds(`${framework} / bare / none`, workload)
    const second = this.#rounds(`${framework} / bare again / none`, workload)
    return first.length === 0 ? 0 : median(first.map(({ cpu }, index) => Math.abs(cpu - (second[index]?.cpu ?? cpu))))
  }

  /** What the bare framework took in each round: the mean of its two servers. */
  #bare(framework: Framework, workload: WorkloadName): readonly number[] {
    const first = this.#rounds(`${framework} / bare / none`, workload)
    const second = this.#rounds(`${framework} / bare again / none`, workload)
    return first.map(({ cpu }, index) => (cpu + (second[index]?.cpu ?? cpu)) / 2)
  }

  #rounds(candidate: string, workload: WorkloadName): readonly Round[] {
    return this.#cells.find((cell) => cell.candidate === candidate && cell.workload === workload)?.rounds ?? []
  }
}
