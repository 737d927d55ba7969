import { type raw, html as template } from 'hono/html'

export type Html = ReturnType<typeof raw>

/** Escapes every value but `Html`. No value of ours is a promise, and without one hono's template is synchronous. */
export const html = template as (strings: TemplateStringsArray, ...values: unknown[]) => Html
