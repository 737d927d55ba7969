import { OPERATOR, users } from '../catalog.ts'
import { type Html, html } from './html.ts'

export interface PageOptions {
  readonly title: string
  readonly page: 'shop' | 'race'
  /** The theme of the system is used if this is undefined. */
  readonly darkMode?: boolean | undefined
  readonly account?: Html
  readonly script?: string
  readonly body: Html
}

const theme = (darkMode: boolean | undefined): string => (darkMode === undefined ? 'system' : darkMode ? 'dark' : 'light')

export const layout = (options: PageOptions): Html => html`<!doctype html>
<html lang="en" data-theme="${theme(options.darkMode)}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${options.title}</title>
  <link rel="icon" href="/icon.svg">
  <link rel="stylesheet" href="/base.css">
  <link rel="stylesheet" href="/${options.page}.css">
  ${options.script && html`<script src="${options.script}" type="module"></script>`}
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header class="top">
    <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Short Stay Supply</a>
    <nav aria-label="Pages">
      ${link('shop', '/', 'Shop', options.page)}
      ${link('race', '/race', 'Race', options.page)}
    </nav>
    ${options.account}
  </header>
  <main id="main" tabindex="-1">${options.body}</main>
  <footer class="bottom">A demo of <strong>sojourn</strong>, server-side sessions for TypeScript. Nothing is for sale.</footer>
</body>
</html>`

const link = (name: PageOptions['page'], href: string, text: string, current: PageOptions['page']): Html =>
  html`<a href="${href}" ${name === current ? html`aria-current="page"` : ''}>${text}</a>`

/** The form to log in as one of the users, or to log out. */
export const accountForm = (userId: string | undefined): Html => (userId === undefined ? loginForm : logoutForm(userId))

const loginForm = html`<form class="account" method="post" action="/login">
  <label for="user">User</label>
  <select id="user" name="user">${Object.entries(users).map(([id, name]) => html`<option value="${id}">${name}</option>`)}</select>
  <button class="quiet" aria-describedby="no-password">Log in</button>
  <small id="no-password">No password in this demo</small>
</form>`

const logoutForm = (userId: string): Html => html`<form class="account" method="post" action="/logout">
  <span>Hello, <strong>${users[userId]}</strong></span>
  ${userId === OPERATOR && html`<a href="/inspector">Inspector</a>`}
  <button class="quiet">Log out</button>
</form>`
