// Draws calls as bars on a common axis. A call is { from, to, status }: real times of this page, `to` missing while it is under way.

const LENGTH = 1400
const TICKS = [0, 500, 1000]

const percent = (ms) => `${Math.min(100, (100 * ms) / LENGTH)}%`

export function drawAxis(lane) {
  const ticks = TICKS.map((ms) => {
    const tick = document.createElement('span')
    tick.style.left = percent(ms)
    tick.textContent = ms === 0 ? '0' : `${ms / 1000} s`
    return tick
  })
  lane.querySelector('.axis').replaceChildren(...ticks)
}

export function drawCalls(lane, calls, zero) {
  for (const [name, call] of Object.entries(calls)) drawCall(lane.querySelector(`[data-call="${name}"]`), call, zero)
}

function drawCall(row, { from, to, status }, zero) {
  const bar = row.querySelector('.bar')
  const end = to ?? performance.now()
  row.dataset.state = from === undefined ? 'waiting' : to === undefined ? 'running' : status === 409 ? 'refused' : 'done'
  row.querySelector('.took').textContent = to === undefined ? '' : `${Math.round(to - from)} ms${status >= 400 ? ` · ${status}` : ''}`
  if (from === undefined) return
  Object.assign(row.dataset, { from: Math.round(from - zero), to: Math.round(end - zero) })
  bar.style.left = percent(from - zero)
  bar.style.width = percent(end - from)
}
