import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

const headlines: Readonly<Record<number, string>> = { 404: 'Page not found', 409: 'The session has ended (409)' }

export const errorPage = (status: number, message: string): Html =>
  layout({
    title: `${status} · Short Stay Supply`,
    page: 'shop',
    body: html`<div class="hero">
      <h1>${headlines[status] ?? 'The request failed'}</h1>
      <p>${message}</p>
      <a class="button" href="/">Back to the shop</a>
    </div>`,
  })
