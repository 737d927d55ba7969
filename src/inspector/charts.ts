import { scaleBand, scaleLinear } from 'd3-scale'
import { line } from 'd3-shape'
import { type Html, html } from './html.ts'

/** One value of a chart, and the text under it. */
export interface Point {
  readonly label: string
  readonly value: number
}

/** A line of a chart. A point without a value interrupts it. */
export interface Series {
  readonly name: string
  readonly values: readonly (number | undefined)[]
}

/** What every chart has. */
interface Chart {
  /** The title, also the accessible name. */
  readonly title: string
  /** Prints a value of the vertical axis. */
  readonly format: (value: number) => string
}

const WIDTH = 480
const HEIGHT = 220
const LEFT = 56
const BOTTOM = 28
const TOP = 12
const RIGHT = 24

/** A chart of bars, whose values are whole numbers. They are also in a table below it. */
export function barChart(chart: Chart & { readonly points: readonly Point[] }): Html {
  const { points, format } = chart
  const x = scaleBand<number>()
    .domain(points.map((_, index) => index))
    .range([LEFT, WIDTH - RIGHT])
    .padding(0.2)
  const y = vertical(points.map(({ value }) => value))
  const bars = points.map(({ label, value }, index) => {
    const top = y(value)
    return html`<rect class="bar" x="${x(index)}" y="${top}" width="${x.bandwidth()}" height="${HEIGHT - BOTTOM - top}"><title>${label}: ${format(value)}</title></rect>`
  })
  const labels = labelled(points).map(({ label, index }) => text((x(index) ?? 0) + x.bandwidth() / 2, label))
  const rows = points.map(({ label, value }) => html`<tr><th scope="row">${label}</th><td>${format(value)}</td></tr>`)
  return figure(chart, html`${axis(y, format, Number.isInteger)}${bars}${labels}`, html`${rows}`)
}

/** A chart of lines, whose points have common labels. The values are also in a table below it. */
export function lineChart(chart: Chart & { readonly labels: readonly string[]; readonly series: readonly Series[] }): Html {
  const { labels, series, format } = chart
  const x = scaleLinear()
    .domain([0, Math.max(1, labels.length - 1)])
    .range([LEFT + 6, WIDTH - RIGHT - 6])
  const y = vertical(series.flatMap(({ values }) => values.filter((value) => value !== undefined)))
  const toPath = line<number | undefined>()
    .defined((value) => value !== undefined)
    .x((_, index) => x(index))
    .y((value) => y(value ?? 0))
  const lines = series.map(
    ({ values }, index) => html`<path class="line line-${index}" d="${toPath([...values]) ?? ''}"/>${dots(values, x, y, index)}`,
  )
  const names = labelled(labels.map((label) => ({ label, value: 0 }))).map(({ label, index }) => text(x(index), label))
  const heads = series.map(({ name }, index) => html`<th scope="col"><span class="key key-${index}"></span> ${name}</th>`)
  const rows = labels.map((label, index) => {
    const cells = series.map(({ values }) => html`<td>${values[index] === undefined ? '–' : format(values[index])}</td>`)
    return html`<tr><th scope="row">${label}</th>${cells}</tr>`
  })
  return figure(chart, html`${axis(y, format)}${lines}${names}`, html`<tr><th scope="col">Time</th>${heads}</tr>${rows}`, series)
}

type Scale = ReturnType<typeof vertical>

function vertical(values: readonly number[]): ReturnType<typeof scaleLinear<number, number>> {
  return scaleLinear<number, number>()
    .domain([0, Math.max(1, ...values)])
    .nice(4)
    .range([HEIGHT - BOTTOM, TOP])
}

function axis(y: Scale, format: (value: number) => string, hasTick: (value: number) => boolean = () => true): Html {
  const ticks = y
    .ticks(4)
    .filter(hasTick)
    .map((tick) => {
      const at = y(tick)
      return html`<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/><text class="tick" x="${LEFT - 6}" y="${at + 4}">${format(tick)}</text>`
    })
  return html`${ticks}`
}

/** A point without neighbours is not visible as a line. */
function dots(values: Series['values'], x: (index: number) => number, y: Scale, series: number): Html[] {
  return values.flatMap((value, index) =>
    value === undefined ? [] : [html`<circle class="dot dot-${series}" cx="${x(index)}" cy="${y(value)}" r="2"/>`],
  )
}

function text(x: number, label: string): Html {
  return html`<text class="label" x="${x}" y="${HEIGHT - 8}">${label}</text>`
}

/** At most eight labels have room. */
function labelled(points: readonly Point[]): { readonly label: string; readonly index: number }[] {
  const step = Math.ceil(points.length / 8)
  return points.map(({ label }, index) => ({ label, index })).filter(({ index }) => index % step === 0)
}

function figure({ title }: Chart, content: Html, rows: Html, series: readonly Series[] = []): Html {
  const keys = series.map(({ name }, index) => html`<span><span class="key key-${index}"></span> ${name}</span>`)
  return html`<figure>
<figcaption>${title}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}. The values are in the table below.">${content}</svg>
${keys.length > 0 && html`<p class="keys">${keys}</p>`}
<details><summary>Values of this chart</summary><table>${rows}</table></details>
</figure>`
}
