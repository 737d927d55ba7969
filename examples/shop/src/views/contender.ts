import { inWords, users } from '../catalog.ts'
import type { Contender, RaceData } from '../race/script.ts'
import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

/** One contender's page, for two tabs and two hands. */
export const contenderPage = (contender: Contender, data: RaceData): Html =>
  layout({ title: `${contender} in two tabs · Short Stay Supply`, here: 'race', body: body(contender, data) })

const body = (contender: Contender, data: RaceData): Html => html`
<div class="hero">
  <h1>${contender} in two tabs</h1>
  <p>Your session here is for this page only; your shopping is not touched.</p>
</div>
<div class="lanes">
  <section class="card" aria-labelledby="steps-title">
    <h2 id="steps-title">Steps</h2>
    <ol class="steps">
      <li>${button(contender, 'start', 'Fill the cart and log in')}</li>
      <li><a class="button quiet" href="/race/${contender}" target="_blank">Open this page in a second tab</a></li>
      <li>In this tab: ${button(contender, 'slow?ms=8000', 'Slow request')} It takes eight seconds.</li>
      <li>Meanwhile, in the second tab: ${button(contender, 'empty', 'Empty the cart')} ${button(contender, 'logout', 'Log out')}</li>
      <li>When the first tab is done: <a class="button quiet" href="/race/${contender}">Look again</a></li>
    </ol>
  </section>
  <section class="card" aria-labelledby="held-title">
    <h2 id="held-title">What the server holds now</h2>
    <dl class="held">
      ${fact('userId', data.userId && users[data.userId], 'Nobody is logged in')}
      ${fact('cart', data.cart && inWords(data.cart), 'No cart')}
      ${fact('lastSeen', data.lastSeen, 'Not noted')}
    </dl>
    <p><a href="/race#two-tabs">Back to the race</a></p>
  </section>
</div>`

const button = (contender: Contender, path: string, text: string): Html =>
  html`<form method="post" action="/race/${contender}/${path}"><button>${text}</button></form>`

const fact = (name: keyof RaceData, text: string | undefined, otherwise: string): Html =>
  html`<div data-held="${name}"><dt>${name}</dt><dd ${text === undefined && html`class="muted"`}>${text ?? otherwise}</dd></div>`
