import { actionSource } from '../route-source.ts'
import { code } from './code.ts'
import { type Html, html } from './html.ts'

interface Removal {
  readonly path: string
  readonly title: string
  readonly description: string
  readonly button: string
}

const ways: readonly Removal[] = [
  {
    path: '/forget-me',
    title: 'Delete one property: userId',
    description: 'You are logged out, and the cart stays. The property userId alone identifies the user.',
    button: 'Delete userId',
  },
  {
    path: '/preferences/reset',
    title: 'Delete one property: darkMode',
    description: 'The page uses the theme of your system again. If the property is absent, nothing is written.',
    button: 'Delete darkMode',
  },
  {
    path: '/cart/clear',
    title: 'Pop the cart',
    description: 'pop deletes the property and returns its value.',
    button: 'Pop the cart',
  },
  {
    path: '/clear',
    title: 'Clear all data',
    description: 'Cart, user and preferences are deleted. Row and id stay.',
    button: 'Clear everything',
  },
  {
    path: '/flush',
    title: 'Flush the session',
    description: 'Data, row, id and cookie are deleted, and no request that is still running can restore them.',
    button: 'Flush',
  },
]

const otherActions = ['/cart/add', '/cart/remove', '/checkout', '/login', '/logout', '/preferences']

export const removals: Html = html`<section id="ways" aria-labelledby="ways-title">
  <h2 id="ways-title">Five ways to remove data</h2>
  <p class="muted">Each button runs the code next to it.</p>
  <ul class="ways">${ways.map(
    ({ path, title, description, button }) => html`<li class="way card">
      <div>
        <h3>${title}</h3>
        <p>${description}</p>
        <form method="post" action="${path}"><input type="hidden" name="section" value="ways"><button class="remove">${button}</button></form>
      </div>
      ${code(actionSource(path))}
    </li>`,
  )}</ul>
  <details class="card">
    <summary>The code of the other buttons</summary>
    ${otherActions.map((path) => code(actionSource(path)))}
  </details>
</section>`
