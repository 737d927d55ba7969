/**
 * The properties of your sessions. Empty until you augment it; from then on names and values are checked everywhere:
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
 * The block has to stand in a file with an import or an export, or it replaces the module instead of adding to it.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- empty is what it is for: users augment it
export interface SessionData {}

// oxlint-disable-next-line typescript/no-explicit-any -- open until augmented
type Open = Record<string, any>

/** What a session holds where nothing else is said: anything, until `SessionData` is augmented. */
export type Default = keyof SessionData extends never ? Open : SessionData

/** The names of the properties of `D`. */
export type Name<D> = keyof D & string

/** The value of property `K`; every property may be absent at run time, so optional and required ones are alike. */
export type Value<D, K extends keyof D> = Exclude<Required<D>[K], undefined>

/** The names of the properties of `D` whose values are of type `T`. */
export type NameOf<D, T> = { [K in Name<D>]: Value<D, K> extends T ? K : never }[Name<D>]

/** The items of an array property. */
export type Item<D, K extends keyof D> = Value<D, K> extends readonly (infer I)[] ? I : never

/** Who is logged in: the type of `userId` where `D` names it, else a string or a number. */
export type UserId<D> = string extends keyof D ? string | number : D extends { userId?: infer U } ? Exclude<U, undefined> : string | number

/** A name with its value, for every property of `D`. */
export type Entries<D> = { [K in Name<D>]: [K, Value<D, K>] }[Name<D>]
