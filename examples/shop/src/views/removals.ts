import { actionSource } from '../source.ts'
import { code } from './code.ts'
import { type Html, html } from './html.ts'

interface Removal {
  readonly path: string
  readonly title: string
  readonly tells: string
  readonly button: string
}

const ways: readonly Removal[] = [
  {
    path: '/forget-me',
    title: 'Delete one property: who you are',
    tells: 'You are logged out; the cart stays. Identity is the property userId, nothing else.',
    button: 'Delete userId',
  },
  {
    path: '/preferences/reset',
    title: 'Delete one property: dark mode',
    tells: 'Back to what your system says. If it was never set, nothing is written at all.',
    button: 'Delete darkMode',
  },
  { path: '/cart/clear', title: 'Take the cart out', tells: 'pop removes it and says what was in it.', button: 'Pop the cart' },
  { path: '/clear', title: 'Clear all data', tells: 'Cart, user and preferences go. Row and id stay.', button: 'Clear everything' },
  {
    path: '/flush',
    title: 'Flush the session',
    tells: 'Data, row, id and cookie: nothing is left, and no request still on its way can bring it back.',
    button: 'Flush',
  },
]

const others = ['/cart/add', '/cart/remove', '/checkout', '/login', '/logout', '/preferences']

export const removals: Html = html`<section id="ways" aria-labelledby="ways-title">
  <h2 id="ways-title">Five ways to remove things</h2>
  <p class="muted">Each button runs the code beside it.</p>
  <ul class="ways">${ways.map(
    ({ path, title, tells, button }) => html`<li class="way card">
      <div>
        <h3>${title}</h3>
        <p>${tells}</p>
        <form method="post" action="${path}"><input type="hidden" name="at" value="ways"><button class="remove">${button}</button></form>
      </div>
      ${code(actionSource(path))}
    </li>`,
  )}</ul>
  <details class="card">
    <summary>The code of the other buttons on this page</summary>
    ${others.map((path) => code(actionSource(path)))}
  </details>
</section>`
