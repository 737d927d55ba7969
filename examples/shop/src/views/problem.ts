import { type Html, html } from './html.ts'
import { layout } from './layout.ts'

const headlines: Readonly<Record<number, string>> = { 404: 'Nothing here', 409: 'That session has ended (409)' }

export const problemPage = (status: number, message: string): Html =>
  layout({
    title: `${status} · Short Stay Supply`,
    here: 'shop',
    body: html`<div class="hero">
      <h1>${headlines[status] ?? 'That did not work'}</h1>
      <p>${message}</p>
      <a class="button" href="/">Back to the shop</a>
    </div>`,
  })
