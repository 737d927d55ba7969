import type { Operator } from '../access.ts'
import { type Content, type Html, html } from '../html.ts'
import { link, type Target } from '../links.ts'
import { STYLE_VERSION } from '../style.ts'

/** A page without its frame. */
export interface Page {
  readonly title: string
  readonly content: Content
  /** The item of the navigation that is the present page. */
  readonly current?: 'sessions' | 'overview'
  readonly status?: number
  /** What was done just now. */
  readonly notice?: string | undefined
}

const NAVIGATION: readonly (readonly [name: Page['current'], label: string, target: Target])[] = [
  ['sessions', 'Sessions', { view: 'sessions' }],
  ['overview', 'Overview', { view: 'overview' }],
]

/** A whole page. It needs no script. */
export function layout({ title, content, current, notice }: Page, operator: Operator): Html {
  const items = NAVIGATION.map(
    ([name, label, target]) => html`<a href="${link(target)}"${name === current && html` aria-current="page"`}>${label}</a>`,
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – sessions</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${link({ style: STYLE_VERSION })}">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<nav aria-label="Inspector">${items}</nav>
<p class="operator">${operator.name}${operator.changes !== true && html` <span class="badge">read only</span>`}</p>
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${notice !== undefined && html`<p class="notice" role="status">${notice}</p>`}
${content}
</main>
</body>
</html>
`
}
