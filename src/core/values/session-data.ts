// Why: TypeScript extends `sojourn` with the `declare module 'sojourn'` of an application only if the
// program contains the index, and an application may import an adapter alone.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import would not be in the declarations
/// <reference path="../../index.ts" preserve="true" />

/**
 * The properties of your sessions. Empty until you augment it; from then on names and values are
 * checked everywhere:
 *
 * ```ts
 * declare module 'sojourn' {
 *   interface SessionData {
 *     cart: { sku: number; n: number }[]
 *     darkMode: boolean
 *   }
 * }
 * ```
 *
 * The block must be in a file with an import or an export. In another file it replaces the module
 * instead of extending it.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- users augment it
export interface SessionData {}

// oxlint-disable-next-line typescript/no-explicit-any -- open until augmented
type Open = Record<string, any>

/**
 * The data of sessions without a more precise type: any property, until `SessionData` is augmented.
 */
export type Default = keyof SessionData extends never ? Open : SessionData

/** The names of the properties of `D`. */
export type Name<D> = keyof D & string

/**
 * The value of property `K`. Every property can be absent at run time, so optional and required
 * ones are alike.
 */
export type Value<D, K extends keyof D> = Exclude<Required<D>[K], undefined>

/** The names of the properties of `D` whose values are of type `T`. */
export type NameOf<D, T> = { [K in Name<D>]: Value<D, K> extends T ? K : never }[Name<D>]

/** The items of an array property. */
export type Item<D, K extends keyof D> = Value<D, K> extends readonly (infer I)[] ? I : never

/** The type of `userId` where `D` has it, otherwise a string or a number. */
export type UserId<D> = string extends keyof D ? string | number : D extends { userId?: infer U } ? Exclude<U, undefined> : string | number

/** A name with its value, for every property of `D`. */
export type Entries<D> = { [K in Name<D>]: [K, Value<D, K>] }[Name<D>]

/** Who may see a property. */
export interface PropertyClass {
  /**
   * Whether code has to name the property to read it: `get('otp')`, but not `keys`, `entries`,
   * `toObject`, `JSON.stringify(session)` or `console.log(session)`. Default `false`.
   */
  readonly secret?: boolean
  /** Whether `toClient()` returns the property. Default `false`. */
  readonly client?: boolean
}

/** The classes of the properties of `D` that have one, by name. */
export type PropertyClasses<D> = { readonly [K in Name<D>]?: PropertyClass }

/**
 * A validator of one value, from any library that follows Standard Schema (zod, valibot, arktype
 * …). It must validate synchronously, because sessions are read synchronously.
 */
export interface StandardSchema<Output = unknown> {
  /** The members of the standard, see https://standardschema.dev. */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** The outcome of a validation: the value, or why it is refused. */
export type SchemaResult<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** Schemas by the name of their property. */
export type Schemas = Readonly<Record<string, StandardSchema>>

/** The session data that a set of schemas describes. */
export type Described<S extends Schemas> = {
  [K in keyof S]?: S[K] extends { readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined } }
    ? Output
    : never
}

/**
 * The type of the session data: described by the option `schema` where there is one, otherwise
 * `Data`.
 */
export type DataOf<Data, S extends Schemas> = string extends keyof S ? Data : Described<S>
