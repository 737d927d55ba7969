import { describeCart, users } from '../catalog.ts'
import type { Contender, RaceData } from '../race/race.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

/** The page of one contender, to run the race by hand in two tabs. */
export const contenderPage = (contender: Contender, data: RaceData): Html =>
  layout({ title: `${contender} in two tabs · Short Stay Supply`, page: 'race', body: body(contender, data) })

const body = (contender: Contender, data: RaceData): Html => html`
<div class="hero">
  <h1>${contender} in two tabs</h1>
  <p>This page has a separate session, so the session of the shop does not change.</p>
</div>
<div class="two-columns">
  <section class="card" aria-labelledby="steps-title">
    <h2 id="steps-title">Steps</h2>
    <ol class="steps">
      <li>${button(contender, 'start', 'Fill the cart and log in')}</li>
      <li><a class="button quiet" href="/race/${contender}" target="_blank">Open this page in a second tab</a></li>
      <li>In this tab: ${button(contender, 'slow?ms=8000', 'Slow request')} It takes eight seconds.</li>
      <li>At the same time, in the second tab: ${button(contender, 'empty', 'Empty the cart')} ${button(contender, 'logout', 'Log out')}</li>
      <li>When the first tab has finished: <a class="button quiet" href="/race/${contender}">Reload</a></li>
    </ol>
  </section>
  <section class="card" aria-labelledby="stored-title">
    <h2 id="stored-title">The session on the server</h2>
    <dl class="stored">
      ${property('userId', data.userId && users[data.userId], 'No user')}
      ${property('cart', data.cart && describeCart(data.cart), 'No cart')}
      ${property('lastSeen', data.lastSeen, 'Not set')}
    </dl>
    <p><a href="/race#two-tabs">Back to the race</a></p>
  </section>
</div>`

const button = (contender: Contender, path: string, text: string): Html =>
  html`<form method="post" action="/race/${contender}/${path}"><button>${text}</button></form>`

const property = (name: keyof RaceData, text: string | undefined, placeholder: string): Html =>
  html`<div data-property="${name}"><dt>${name}</dt><dd ${text === undefined && html`class="muted"`}>${text ?? placeholder}</dd></div>`
