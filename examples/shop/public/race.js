// Runs both races on both contenders and shows the measured times and the received responses.
import { drawAxis, drawRequests } from './timeline.js'

const SLOW_REQUEST_MS = 1200
const REMOVAL_STARTS_AFTER_MS = 300

const startButton = document.querySelector('#start')
const sections = [...document.querySelectorAll('.race')]

startButton.addEventListener('click', async () => {
  startButton.disabled = true
  startButton.textContent = 'Racing …'
  for (const section of sections) await runRace(section)
  startButton.disabled = false
  startButton.textContent = 'Race again'
})
startButton.disabled = false // the button is disabled until this script is loaded

async function runRace(section) {
  section.dataset.state = 'running'
  const verdict = section.querySelector('.verdict')
  verdict.replaceChildren()
  const cards = [...section.querySelectorAll('.contender')]
  const results = await Promise.all(cards.map((card) => runContender(card, section.dataset)))
  verdict.replaceChildren(...results.map(verdictLine))
  section.dataset.state = 'done'
}

async function runContender(card, { race, path }) {
  const { contender } = card.dataset
  const base = `/race/${contender}`
  delete card.dataset.result
  await post(`${base}/start`)
  const requests = { slow: {}, removal: {} }
  const stopDrawing = startDrawing(card, requests)
  const slow = measure(requests.slow, `${base}/slow?ms=${SLOW_REQUEST_MS}`)
  await new Promise((resolve) => setTimeout(resolve, REMOVAL_STARTS_AFTER_MS))
  await Promise.all([slow, measure(requests.removal, base + path)])
  stopDrawing()
  const session = await (await fetch(`${base}/state`, { cache: 'no-store' })).json()
  return { contender, ...showResult(card, race, session, requests.slow.status) }
}

const removedProperty = { cart: 'cart', logout: 'userId' }
const verdicts = {
  cart: { restored: 'your cart came back.', deleted: 'it stayed deleted.' },
  logout: { restored: 'you are logged in again.', deleted: 'you stayed logged out.' },
}

function showResult(card, race, session, slowStatus) {
  const removed = removedProperty[race]
  const result = session[removed] === undefined ? 'deleted' : 'restored'
  card.querySelector('.chips').replaceChildren(...['userId', 'cart', 'lastSeen'].map((name) => chip(name, session[name], name === removed)))
  card.querySelector('.outcome').textContent = describeOutcome(slowStatus, session.lastSeen)
  card.querySelector('.end').textContent =
    result === 'restored' ? `saves ${removed} again` : slowStatus === 409 ? 'refused' : 'saves lastSeen'
  card.dataset.result = result
  return { kept: result === 'deleted', text: verdicts[race][result] }
}

function describeOutcome(slowStatus, lastSeen) {
  if (slowStatus === 409) return 'The slow request received status 409: its session has ended. Nothing was saved.'
  if (slowStatus >= 400) return `The slow request received status ${slowStatus}.`
  return lastSeen === undefined
    ? 'The change of the slow request, lastSeen, is lost.'
    : 'The change of the slow request, lastSeen, is saved.'
}

const post = (url) => fetch(url, { method: 'POST', redirect: 'manual' })

async function measure(request, url) {
  request.startedAt = performance.now()
  const response = await post(url)
  request.endedAt = performance.now()
  request.status = response.type === 'opaqueredirect' ? 303 : response.status
}

/** Draws the requests in every frame, and returns a function that stops. */
function startDrawing(card, requests) {
  const origin = performance.now()
  drawAxis(card)
  let frame = requestAnimationFrame(function draw() {
    drawRequests(card, requests, origin)
    frame = requestAnimationFrame(draw)
  })
  return () => {
    cancelAnimationFrame(frame)
    drawRequests(card, requests, origin)
  }
}

function verdictLine({ contender, kept, text }) {
  const line = createElement('span', kept ? 'kept' : 'broken', ` ${text}`)
  line.prepend(createElement('strong', '', `${contender}:`))
  return line
}

/** A property of the session; struck through if it is absent, coloured if the race removed it. */
function chip(name, value, wasRemoved) {
  const isPresent = value !== undefined
  const text = !isPresent || name === 'lastSeen' ? name : `${name}: ${[value].flat().join(', ')}`
  const resultClass = isPresent ? 'bad' : 'good'
  const plainClass = isPresent ? '' : 'absent'
  return createElement(isPresent ? 'span' : 's', `chip ${wasRemoved ? resultClass : plainClass}`, text)
}

function createElement(tag, className, text) {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
