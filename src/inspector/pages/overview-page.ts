import type { Bar, Stats } from '../../admin/admin.ts'
import { barChart, lineChart, type Point } from '../charts.ts'
import { formatDuration, formatLatency, formatNumber, formatSize, time } from '../format.ts'
import type { History } from '../history.ts'
import { type Content, type Html, html } from '../html.ts'
import { link } from '../links.ts'
import type { Page } from './layout.ts'

/** Statistics, and how they were collected. */
export interface Measured {
  readonly stats: Stats
  /** When they were collected, in epoch milliseconds. */
  readonly at: number
  /** The number of rows that were read. */
  readonly rows: number
  /** Whether these are all rows. */
  readonly isComplete: boolean
}

/** The numbers of all sessions, and charts of them. */
export function overviewPage({ stats, at, rows, isComplete }: Measured, history: History | undefined, now: number): Page {
  const partial =
    !isComplete && html`<p class="notice">Only the first ${formatNumber(rows)} rows were read, in the time that this page has.</p>`
  const collected = html`Collected ${time(at, now)}. A size is a number of characters; 1 K has 1,024.`
  return {
    title: 'Overview',
    current: 'overview',
    content: html`${partial}
${numbers(stats)}
<p class="muted">${collected}${history !== undefined && ' Conflicts and latency are those of this process since its start.'}</p>
<div class="charts">
${barChart({ title: 'Sessions by age', points: points(stats.ages, formatDuration), format: formatNumber })}
${barChart({ title: 'Sessions by size', points: points(stats.sizes, formatSize), format: formatNumber })}
${history === undefined ? html`<p>Conflicts and latency are shown with the option <code>history</code> of the inspector.</p>` : observed(history)}
</div>
${largest(stats, now)}
${properties(stats)}`,
  }
}

function numbers({ alive, expired, loggedIn, unreadable, size, writes }: Stats): Html {
  const list: readonly (readonly [name: string, value: Content])[] = [
    ['Sessions', formatNumber(alive)],
    ['With a user', formatNumber(loggedIn)],
    ['Expired, not cleared', formatNumber(expired)],
    ['Unreadable', formatNumber(unreadable)],
    ['Characters', formatSize(size)],
    ['Writes', formatNumber(writes)],
  ]
  return html`<dl class="facts">${list.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

function points(bars: readonly Bar[], format: (limit: number) => string): Point[] {
  return bars.map(({ upTo, sessions }, index) => ({
    label: Number.isFinite(upTo) ? `≤ ${format(upTo)}` : `> ${format(bars[index - 1]?.upTo ?? 0)}`,
    value: sessions,
  }))
}

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' }
const minutes = new Intl.DateTimeFormat('en', CLOCK)
const seconds = new Intl.DateTimeFormat('en', { ...CLOCK, second: '2-digit' })

function observed({ intervals, length }: History): Html {
  const clock = length < 60_000 ? seconds : minutes
  const labels = intervals.map(({ from }) => clock.format(from))
  const conflicts = intervals.map(({ conflicts: value }, index) => ({ label: labels[index] ?? '', value }))
  const series = [
    { name: 'median', values: intervals.map(({ latencies }) => latencies.quantile(0.5)) },
    { name: '95 %', values: intervals.map(({ latencies }) => latencies.quantile(0.95)) },
  ]
  const every = `per ${formatDuration(length)}, UTC`
  return html`${barChart({ title: `Merged conflicts ${every}`, points: conflicts, format: formatNumber })}
${lineChart({ title: `Latency of commits ${every}`, labels, series, format: formatLatency })}`
}

function largest({ largest: sessions }: Stats, now: number): Html | undefined {
  if (sessions.length === 0) return undefined
  const rows = sessions.map(
    ({ handle, size, seenAt }) =>
      html`<tr><th scope="row" data-label="Session"><a href="${link({ session: handle })}"><code>${handle}</code></a></th><td data-label="Size" class="number">${formatSize(size)}</td><td data-label="Used">${time(seenAt, now)}</td></tr>`,
  )
  return html`<h2>Largest sessions</h2>
<table class="list"><thead><tr><th scope="col">Session</th><th scope="col" class="number">Size</th><th scope="col">Used</th></tr></thead><tbody>${rows}</tbody></table>`
}

function properties({ properties: list }: Stats): Html | undefined {
  if (list.length === 0) return undefined
  const rows = list.map(
    ({ name, sessions, size, largest: most }) =>
      html`<tr><th scope="row" data-label="Property"><a href="${link({ has: name })}"><code>${name}</code></a></th><td data-label="Sessions" class="number">${formatNumber(sessions)}</td><td data-label="Size" class="number">${formatSize(size)}</td><td data-label="Largest" class="number">${formatSize(most)}</td></tr>`,
  )
  return html`<h2>Properties</h2>
<table class="list"><thead><tr><th scope="col">Property</th><th scope="col" class="number">Sessions</th><th scope="col" class="number">Size</th><th scope="col" class="number">Largest</th></tr></thead><tbody>${rows}</tbody></table>`
}
