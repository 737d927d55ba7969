import type { Sku } from '../catalog.ts'
import { type Html, html } from './html.ts'

const drawings: Record<Sku, Html> = {
  mug: html`<path d="M18 22h24v22a6 6 0 0 1-6 6H24a6 6 0 0 1-6-6z"/><path d="M42 27h3a6 6 0 0 1 0 14h-3"/>
    <path d="M25 16c0-3 3-3 3-6m5 6c0-3 3-3 3-6"/>`,
  lamp: html`<path d="M24 12h16l7 18H17z"/><path d="M32 30v18m-10 4h20a10 10 0 0 0-20 0z"/>`,
  blanket: html`<path d="M12 20h34a6 6 0 0 1 0 12H12z"/><path d="M46 32a6 6 0 0 1 0 12H12V20"/>
    <path d="M12 32h34M16 44v6m8-6v6m8-6v6m8-6v6"/>`,
  umbrella: html`<path d="M10 34a22 22 0 0 1 44 0c-4-4-10-4-14 0-4-4-12-4-16 0-4-4-10-4-14 0z"/>
    <path d="M32 12V9m0 22v17a5 5 0 0 0 10 0"/>`,
  bottle: html`<path d="M27 9h10v7l4 7v26a4 4 0 0 1-4 4H27a4 4 0 0 1-4-4V23l4-7z"/><path d="M23 30h18M23 42h18"/>`,
  key: html`<circle cx="23" cy="24" r="9"/><circle cx="23" cy="24" r="3"/><path d="m30 30 20 20m-7-7 4-4m-10-2 4-4"/>`,
}

/** The drawing of a product, hidden from screen readers because the name is next to it. */
export const icon = (sku: Sku): Html => html`<svg class="icon" viewBox="0 0 64 64" aria-hidden="true">${drawings[sku]}</svg>`
