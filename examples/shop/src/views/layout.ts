import { users } from '../catalog.ts'
import { type Html, html } from './html.ts'

export interface Frame {
  readonly title: string
  readonly here: 'shop' | 'race'
  /** `undefined`: as the visitor's system has it. */
  readonly darkMode?: boolean | undefined
  readonly account?: Html
  readonly script?: string
  readonly body: Html
}

const theme = (darkMode: boolean | undefined): string => (darkMode === undefined ? 'system' : darkMode ? 'dark' : 'light')

export const layout = (frame: Frame): Html => html`<!doctype html>
<html lang="en" data-theme="${theme(frame.darkMode)}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${frame.title}</title>
  <link rel="icon" href="/icon.svg">
  <link rel="stylesheet" href="/base.css">
  <link rel="stylesheet" href="/${frame.here}.css">
  ${frame.script && html`<script src="${frame.script}" type="module"></script>`}
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header class="top">
    <a class="brand" href="/"><img src="/icon.svg" alt="" width="28" height="28">Short Stay Supply</a>
    <nav aria-label="Pages">
      ${link('shop', '/', 'Shop', frame.here)}
      ${link('race', '/race', 'Race', frame.here)}
    </nav>
    ${frame.account}
  </header>
  <main id="main" tabindex="-1">${frame.body}</main>
  <footer class="bottom">A demo of <strong>sojourn</strong>, server-side sessions for TypeScript. Nothing here is for sale.</footer>
</body>
</html>`

const link = (name: Frame['here'], href: string, text: string, here: Frame['here']): Html =>
  html`<a href="${href}" ${name === here ? html`aria-current="page"` : ''}>${text}</a>`

/** Log in (choose who you are) or out. */
export const account = (userId: string | undefined): Html => (userId === undefined ? loginForm : logoutForm(userId))

const loginForm = html`<form class="account" method="post" action="/login">
  <label for="user">You are</label>
  <select id="user" name="user">${Object.entries(users).map(([id, name]) => html`<option value="${id}">${name}</option>`)}</select>
  <button class="quiet" aria-describedby="no-password">Log in</button>
  <small id="no-password">A demo: no password</small>
</form>`

const logoutForm = (userId: string): Html => html`<form class="account" method="post" action="/logout">
  <span>Hello, <strong>${users[userId]}</strong></span>
  <button class="quiet">Log out</button>
</form>`
