import { type raw, html as template } from 'hono/html'

export type Html = ReturnType<typeof raw>

/** Escapes every value except `Html`. The template of hono is synchronous if no value is a promise, as here. */
export const html = template as (strings: TemplateStringsArray, ...values: unknown[]) => Html
