// Runs both races against both contenders and says what came of it. Everything it shows was measured or answered just now.
import { drawAxis, drawCalls } from './timeline.js'

const SLOW = 1200
const MEANWHILE = 300

const start = document.querySelector('#start')
const sections = [...document.querySelectorAll('.race')]

start.addEventListener('click', async () => {
  start.disabled = true
  start.textContent = 'Racing …'
  for (const section of sections) await race(section)
  start.disabled = false
  start.textContent = 'Race again'
})
start.disabled = false // only now is somebody there to hear it

async function race(section) {
  section.dataset.state = 'running'
  const verdict = section.querySelector('.verdict')
  verdict.replaceChildren()
  const lanes = [...section.querySelectorAll('.lane')]
  const results = await Promise.all(lanes.map((lane) => run(lane, section.dataset)))
  verdict.replaceChildren(...results.map(({ contender, kept, words }) => sentence(contender, kept, words)))
  section.dataset.state = 'done'
}

async function run(lane, { race, path }) {
  const { contender } = lane.dataset
  const base = `/race/${contender}`
  delete lane.dataset.result
  await post(`${base}/start`)
  const calls = { slow: {}, removal: {} }
  const stop = drawWhile(lane, calls)
  const slow = timed(calls.slow, `${base}/slow?ms=${SLOW}`)
  await new Promise((resolve) => setTimeout(resolve, MEANWHILE))
  await Promise.all([slow, timed(calls.removal, base + path)])
  stop()
  const state = await (await fetch(`${base}/state`, { cache: 'no-store' })).json()
  return { contender, ...judge(lane, race, state, calls.slow) }
}

const removed = { cart: 'cart', logout: 'userId' }
const sentences = {
  cart: { back: 'your cart came back.', gone: 'it stayed deleted.' },
  logout: { back: 'you are logged in again.', gone: 'you stayed logged out.' },
}

function judge(lane, race, state, slow) {
  const name = removed[race]
  const back = state[name] !== undefined
  lane.querySelector('.chips').replaceChildren(...['userId', 'cart', 'lastSeen'].map((each) => chip(each, state[each], each === name)))
  lane.querySelector('.told').textContent = told(slow.status, state.lastSeen !== undefined)
  lane.querySelector('.end').textContent = back ? `saves ${name} again` : slow.status === 409 ? 'refused' : 'saves lastSeen'
  lane.dataset.result = back ? 'back' : 'gone'
  return { kept: !back, words: sentences[race][back ? 'back' : 'gone'] }
}

function told(status, noted) {
  if (status === 409) return 'The slow request was told: 409, its session has ended. Nothing was saved.'
  if (status >= 400) return `The slow request was answered ${status}.`
  return noted ? 'The slow request’s own change, lastSeen, is there.' : 'The slow request’s own change, lastSeen, is lost.'
}

const post = (url) => fetch(url, { method: 'POST', redirect: 'manual' })

async function timed(call, url) {
  call.from = performance.now()
  const response = await post(url)
  call.to = performance.now()
  call.status = response.type === 'opaqueredirect' ? 303 : response.status
}

function drawWhile(lane, calls) {
  const zero = performance.now()
  drawAxis(lane)
  let frame = requestAnimationFrame(function draw() {
    drawCalls(lane, calls, zero)
    frame = requestAnimationFrame(draw)
  })
  return () => {
    cancelAnimationFrame(frame)
    drawCalls(lane, calls, zero)
  }
}

function sentence(contender, kept, words) {
  const line = element('span', kept ? 'kept' : 'broken', ` ${words}`)
  line.prepend(element('strong', '', `${contender}:`))
  return line
}

function chip(name, value, watched) {
  const text = Array.isArray(value) ? `${name}: ${value.join(', ')}` : name === 'userId' && value ? `${name}: ${value}` : name
  const there = value !== undefined
  return element(there ? 'span' : 's', `chip ${watched ? (there ? 'bad' : 'good') : there ? '' : 'absent'}`, text)
}

function element(tag, className, text) {
  const made = document.createElement(tag)
  made.className = className
  made.textContent = text
  return made
}
