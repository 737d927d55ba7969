/** Text that is HTML already. */
export class Html {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a template may contain. `undefined` and `false` are left out. */
export type Content = Html | string | number | undefined | false | readonly Content[]

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Makes HTML. Everything that is inserted is escaped, except for HTML. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...contents.map(print)))
}

function print(content: Content): string {
  if (content === undefined || content === false) return ''
  if (content instanceof Html) return String(content)
  if (typeof content === 'object') return content.map(print).join('')
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '')
}
