import { TOKEN } from '../csrf.ts'
import { type Html, html } from '../html.ts'
import { link, type Target } from '../links.ts'
import type { Page } from './layout.ts'

/** A change that waits for its confirmation. */
export interface Change {
  readonly title: string
  readonly question: Html
  /** The text of the button that makes the change. */
  readonly button: string
  /** The page of the change. The form is posted to it. */
  readonly target: Target
  /** Where to go without the change. */
  readonly back: Target
}

/**
 * Asks before a change. The page before it has a link to this one, so nothing changes by a click.
 */
export function confirmPage({ title, question, button, target, back }: Change, token: string): Page {
  return {
    title,
    content: html`<p>${question}</p>
<form method="post" action="${link(target)}">
<input type="hidden" name="${TOKEN}" value="${token}">
<button class="danger">${button}</button>
<a class="button" href="${link(back)}">Cancel</a>
</form>`,
  }
}

/** Says what went wrong, and what to do. */
export function errorPage(status: number, title: string, message: string): Page {
  return { status, title, content: html`<p>${message}</p><p><a class="button" href="${link({ view: 'sessions' })}">All sessions</a></p>` }
}
