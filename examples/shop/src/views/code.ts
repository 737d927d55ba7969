import { type Html, html } from './html.ts'

/** Renders code with the calls of the session in bold. */
export const code = (source: string): Html =>
  html`<pre><code>${source.split(/(req\.session\.?\w*)/).map((part, index) => (index % 2 ? html`<b>${part}</b>` : part))}</code></pre>`
