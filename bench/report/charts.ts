import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'
import type { Candidate } from '../candidates.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Figures } from './figures.ts'

const KINDS = ['sojourn', 'peer', 'hand-written'] as const
const COLORS = ['#0f766e', '#cbd5e1', '#f59e0b']

/** A bar chart of the CPU time of each candidate, for each workload. */
export function cpuChart(
  figures: Figures,
  title: string,
  wanted: (candidate: Candidate) => boolean,
  workloads: readonly WorkloadName[],
): Promise<string> {
  const values = workloads.flatMap((workload) =>
    figures.where(wanted, workload).map(({ candidate: { library, store }, extra }) => ({
      workload,
      server: `${library}, ${store}`,
      kind: library.startsWith('sojourn') ? 'sojourn' : library === 'hand-written' ? 'hand-written' : 'peer',
      extra: Math.max(0, extra),
      text: extra.toFixed(0),
    })),
  )
  const position = {
    y: { field: 'server', type: 'nominal', sort: null, title: null },
    x: { field: 'extra', type: 'quantitative', title: 'µs' },
  } as const
  return svgOf({
    title,
    data: { values },
    facet: { field: 'workload', title: null },
    columns: 2,
    resolve: { scale: { x: 'independent' } },
    spec: {
      width: 300,
      layer: [
        {
          mark: 'bar',
          encoding: { ...position, color: { field: 'kind', type: 'nominal', title: null, scale: { domain: [...KINDS], range: COLORS } } },
        },
        { mark: { type: 'text', align: 'left', dx: 3 }, encoding: { ...position, text: { field: 'text' } } },
      ],
    },
  })
}

/** A line chart of the time per session operation as the store grows. */
export function growthChart(
  values: readonly { readonly store: string; readonly sessions: number; readonly micros: number }[],
): Promise<string> {
  return svgOf({
    title: 'A load and a replace, as the store grows',
    data: { values: [...values] },
    width: 480,
    height: 240,
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'sessions', type: 'quantitative', scale: { type: 'log' }, title: 'sessions in the store' },
      y: { field: 'micros', type: 'quantitative', title: 'µs' },
      color: { field: 'store', type: 'nominal', title: null },
    },
  })
}

function svgOf(spec: TopLevelSpec): Promise<string> {
  const background = {
    background: 'white',
    padding: 12,
    config: { font: 'sans-serif', view: { stroke: null }, axis: { labelLimit: 260 } },
  } as const
  return new View(parse(compile({ ...spec, ...background }).spec), { renderer: 'none' }).toSVG()
}
