import { type Html, html } from './html.ts'

/** Code with the session's own calls standing out. */
export const code = (source: string): Html =>
  html`<pre><code>${source.split(/(req\.session\.?\w*)/).map((part, at) => (at % 2 ? html`<b>${part}</b>` : part))}</code></pre>`
