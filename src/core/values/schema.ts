/**
 * A validator of one value: any library that follows Standard Schema (zod, valibot, arktype …). It must validate synchronously.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** One schema a property. */
export type Schemas = Readonly<Record<string, StandardSchema>>

/** The session data that a set of schemas describes. */
export type Described<S extends Schemas> = {
  [K in keyof S]?: S[K] extends { readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined } }
    ? Output
    : never
}

/** What a schema says of a value: the value as it puts it out, or why it is refused. */
export type Verdict = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string }

/** Asks the schema. Throws a `TypeError` when it answers with a promise: a session is read synchronously. */
export function validateValue(schema: StandardSchema, value: unknown): Verdict {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError('its schema validates asynchronously; a session property needs a synchronous one')
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, why: result.issues.map((issue) => issue.message).join('; ') }
}
