// Draws requests as bars on a common time axis. A request is { startedAt, endedAt, status } in
// times of performance.now(); endedAt is undefined while it is running.

const AXIS_MS = 1400
const TICKS_MS = [0, 500, 1000]

const toPercent = (ms) => `${Math.min(100, (100 * ms) / AXIS_MS)}%`

export function drawAxis(card) {
  const ticks = TICKS_MS.map((ms) => {
    const tick = document.createElement('span')
    tick.style.left = toPercent(ms)
    tick.textContent = ms === 0 ? '0' : `${ms / 1000} s`
    return tick
  })
  card.querySelector('.axis').replaceChildren(...ticks)
}

export function drawRequests(card, requests, origin) {
  for (const [name, request] of Object.entries(requests)) drawRequest(card.querySelector(`[data-request="${name}"]`), request, origin)
}

function drawRequest(row, request, origin) {
  const { startedAt, endedAt = performance.now() } = request
  row.dataset.state = stateOf(request)
  row.querySelector('.duration').textContent = describeDuration(request)
  if (startedAt === undefined) return
  const bar = row.querySelector('.bar')
  bar.style.left = toPercent(startedAt - origin)
  bar.style.width = toPercent(endedAt - startedAt)
}

function stateOf({ startedAt, endedAt, status }) {
  if (startedAt === undefined) return 'waiting'
  if (endedAt === undefined) return 'running'
  return status === 409 ? 'refused' : 'done'
}

function describeDuration({ startedAt, endedAt, status }) {
  if (endedAt === undefined) return ''
  return `${Math.round(endedAt - startedAt)} ms${status >= 400 ? ` · ${status}` : ''}`
}
