import { markdownTable } from 'markdown-table'
import { CANDIDATES, type Candidate, isBare } from '../candidates.ts'
import type { RunEnvironment } from '../measure/results.ts'
import { type WorkloadName, workloadNames, workloadOf } from '../workloads.ts'
import type { Figure, Figures } from './figures.ts'
import type { Verdict } from './verdicts.ts'

type Row = readonly string[]

export function workloadsTable(): string {
  return table([['', 'a request …'], ...workloadNames.map((name) => [name, workloadOf(name).text])])
}

/** Microseconds of CPU time in addition to the bare framework's. */
export function extraTable(figures: Figures): string {
  const spreads = (framework: Candidate['framework']): Row => workloadNames.map((name) => `± ${figures.spread(framework, name).toFixed(1)}`)
  return table([
    ['framework', 'library', 'store', ...workloadNames],
    ...CANDIDATES.flatMap((candidate) => {
      const { framework, library, store } = candidate
      if (library === 'bare') return []
      const cells = library === 'bare again' ? spreads(framework) : cellsOf(figures, candidate, ({ extra }) => formatMicros(extra))
      if (cells.every((cell) => cell === '–')) return []
      return [[framework, formatLibrary(library), isBare(candidate) ? '' : store, ...cells]]
    }),
  ])
}

export function operationsTable(figures: Figures): string {
  return fullTable(
    figures,
    ({ operations }) => String(Number(operations.toFixed(2))),
    ({ store }) => store !== 'none' && store !== 'cookie',
  )
}

export function throughputTable(figures: Figures): string {
  return fullTable(
    figures,
    ({ perSecond, p50, p99 }) => `${formatCount(perSecond)} (${formatMillis(p50)} / ${formatMillis(p99)})`,
    () => true,
  )
}

export function bytesTable(figures: Figures): string {
  return fullTable(
    figures,
    ({ bytes, cookieBytes }) => `${formatCount(bytes)} / ${formatCount(cookieBytes)}`,
    () => true,
  )
}

/**
 * Every target, and whether it is met. Met counts of operations are left out, because they are in
 * their own table.
 */
export function targetsTable(verdicts: readonly Verdict[]): string {
  return table([
    ['', 'target', 'where', 'sojourn', 'compared with', 'ratio'],
    ...verdicts.filter(isListed).map(({ target, figure, reference, isMet }) => {
      const { framework, store } = figure.candidate
      const value = figure[target.measure]
      const other = reference?.[target.measure]
      return [
        isMet ? '✓' : '**missed**',
        `${figure.workload}: ${target.text}`,
        `${framework}, ${store}`,
        formatMeasure(target.measure, value),
        reference === undefined || other === undefined ? '' : `${formatMeasure(target.measure, other)} (${reference.candidate.library})`,
        other === undefined ? '' : (value / other).toFixed(2),
      ]
    }),
  ])
}

function isListed({ target, isMet }: Verdict): boolean {
  return target.measure !== 'operations' || !isMet
}

/** The number of targets that are met, and the missed ones. */
export function summary(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ isMet }) => !isMet)
  const lines = missed.map(({ target, figure, reference }) => {
    const { framework, store } = figure.candidate
    const other = reference === undefined ? '' : ` compared with ${formatMeasure(target.measure, reference[target.measure])}`
    return `- ${figure.workload} on ${framework}, ${store}: ${target.text}: ${formatMeasure(target.measure, figure[target.measure])}${other}`
  })
  const head = `${verdicts.length - missed.length} of ${verdicts.length} targets are met.`
  return missed.length === 0 ? head : `${head} Missed:\n\n${lines.join('\n')}`
}

export function environmentText(environment: RunEnvironment): string {
  const { machine, node, date, commit, rounds, seconds, connections, pinned, polling, versions } = environment
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Measured ${date} at commit ${commit}, on ${machine}, Node ${node}: ${rounds} rounds of ${seconds} s each, ${connections} connections, `,
    pinned ? 'server and load generator each bound to a core' : 'server and load generator not bound to cores',
    polling ? '; idle cores poll for work (haltpoll).' : '.',
    rounds < 3 ? ' **This is a short run: small differences are noise.**' : '',
    `\n\nVersions: ${listed.join(', ')}.`,
  ].join('')
}

function fullTable(figures: Figures, format: (figure: Figure) => string, wanted: (candidate: Candidate) => boolean): string {
  const rows = CANDIDATES.filter(wanted).flatMap((candidate) => {
    const { framework, library, store } = candidate
    const cells = cellsOf(figures, candidate, format)
    return library === 'bare again' || cells.every((cell) => cell === '–') ? [] : [[framework, formatLibrary(library), store, ...cells]]
  })
  return table([['framework', 'library', 'store', ...workloadNames], ...rows])
}

function cellsOf(figures: Figures, candidate: Candidate, format: (figure: Figure) => string): string[] {
  return workloadNames.map((name: WorkloadName) => {
    const figure = figures.of(candidate, name)
    return figure === undefined ? '–' : format(figure)
  })
}

/** A Markdown table; columns of numbers are aligned to the right. */
export function table(rows: readonly Row[], words = 3): string {
  return markdownTable(
    rows.map((row) => [...row]),
    { align: (rows[0] ?? []).map((_, index) => (index < words ? 'l' : 'r')) },
  )
}

function formatLibrary(library: string): string {
  if (library === 'bare again') return '*difference of two bare servers*'
  return library.startsWith('sojourn') ? `**${library}**` : library
}

function formatMeasure(measure: 'extra' | 'perSecond' | 'operations', value: number): string {
  if (measure === 'extra') return `${formatMicros(value)} µs`
  return measure === 'perSecond' ? `${formatCount(value)}/s` : String(Number(value.toFixed(2)))
}

function formatMicros(value: number): string {
  return Math.abs(value) < 20 ? value.toFixed(1) : value.toFixed(0)
}

function formatMillis(value: number): string {
  return (value / 1000).toFixed(1)
}

function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en')
}
