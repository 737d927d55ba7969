import { type Html, html } from './html.ts'

export const preferences = (
  darkMode: boolean | undefined,
): Html => html`<section class="card" id="preferences" aria-labelledby="preferences-title">
  <h2 id="preferences-title">Preferences</h2>
  <p class="muted">${describeTheme(darkMode)}</p>
  <form method="post" action="/preferences" class="choices" aria-label="Appearance">
    <input type="hidden" name="section" value="preferences">
    <button class="quiet" name="mode" value="dark" aria-pressed="${String(darkMode === true)}">Dark mode</button>
    <button class="quiet" name="mode" value="light" aria-pressed="${String(darkMode === false)}">Light mode</button>
  </form>
</section>`

const describeTheme = (darkMode: boolean | undefined): string =>
  darkMode === undefined ? 'The page uses the theme of your system.' : `You chose ${darkMode ? 'dark' : 'light'} mode.`
