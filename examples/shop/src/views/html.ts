import { type raw, html as template } from 'hono/html'

export type Html = ReturnType<typeof raw>

/** Escapes every value except `Html`. It is synchronous, because no value is a promise. */
export const html = template as (strings: TemplateStringsArray, ...values: unknown[]) => Html
