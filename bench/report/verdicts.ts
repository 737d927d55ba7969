import { type Candidate, isBare } from '../candidates.ts'
import { TARGETS, type Target } from '../targets.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Figure, Figures } from './figures.ts'

/** Whether one cell meets one target. */
export interface Verdict {
  readonly target: Target
  readonly figure: Figure
  /** The figure it was compared with. */
  readonly reference?: Figure
  readonly isMet: boolean
}

/** Checks every target in every measured cell to which it applies. */
export function checkTargets(figures: Figures): readonly Verdict[] {
  return TARGETS.flatMap((target) => target.workloads.flatMap((workload) => checkTarget(figures, target, workload)))
}

function checkTarget(figures: Figures, target: Target, workload: WorkloadName): readonly Verdict[] {
  const { of, stores, reference } = target
  const wanted = ({ library, store }: Candidate): boolean => library === of && (stores?.includes(store) ?? true)
  return figures.where(wanted, workload).flatMap((figure) => {
    if (reference === 'nothing') return { target, figure, isMet: isMet(target, figure, 1, figures) }
    const other = best(
      figures.where((candidate) => isReference(reference, figure.candidate, candidate), workload),
      target,
    )
    return other === undefined ? [] : { target, figure, reference: other, isMet: isMet(target, figure, other[target.measure], figures) }
  })
}

function isReference(kind: 'peers' | 'floor', { framework, store }: Candidate, other: Candidate): boolean {
  if (other.framework !== framework || other.store !== store) return false
  const isFloor = other.library === 'hand-written'
  return kind === 'floor' ? isFloor : !isFloor && !isBare(other) && !other.library.startsWith('sojourn')
}

function best(candidates: readonly Figure[], { measure, min }: Target): Figure | undefined {
  const sorted = candidates.toSorted((one, other) => one[measure] - other[measure])
  return min === undefined ? sorted[0] : sorted.at(-1)
}

/** A limit in microseconds also counts as met if the value cannot be distinguished from noise. */
function isMet({ max, min, measure, reference }: Target, figure: Figure, unit: number, figures: Figures): boolean {
  const value = figure[measure]
  if (min !== undefined) return value >= min * unit
  const noise = reference === 'nothing' && measure === 'extra' ? figures.spread(figure.candidate.framework, figure.workload) : 0
  return value <= Math.max((max ?? 0) * unit, noise)
}
