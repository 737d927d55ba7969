import { durationRemedy, milliseconds } from './duration.ts'
import { ConfigError } from './errors.ts'
import { formatValue } from './format.ts'

/**
 * Checks the value of one option. Returns the remedy if the value is wrong, and `undefined` if it
 * is right.
 */
export type Check = (value: unknown) => string | undefined

/** The options of a function or a class. */
export interface OptionTable {
  /** The function or class, for error messages. Left out for `createSessions`. */
  readonly owner?: string
  /** Precedes the names in error messages: `cookie.`. */
  readonly path?: string
  readonly checks: Readonly<Record<string, Check>>
  readonly required?: readonly string[]
  /** The remedies for options of other libraries, by name. */
  readonly foreign?: Readonly<Record<string, string>>
}

/**
 * Returns a copy of the options. Throws a `ConfigError` for the first option that is unknown,
 * missing or wrong; it names the option, its value and what to do. An option that is `undefined`
 * counts as left out. Throws one too for a value that is not an object of options.
 */
export function checkOptions<Options extends object>(options: Options, table: OptionTable): Options {
  const { owner, path = '', checks, required = [] } = table
  const given = { ...options }
  if (required.length === 0 && options !== undefined && !hasFields(options)) throw notOptions(options, table)
  // A missing option is reported first: if a pool was passed instead of options, all its properties
  // are unknown.
  for (const name of [...required, ...Object.keys(given)]) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (check === undefined) throw unknownOption(path + name, table)
    const value = (given as Record<string, unknown>)[name]
    const remedy = value === undefined && !required.includes(name) ? undefined : check(value)
    if (remedy !== undefined) throw invalidOption(owner, path + name, value, remedy)
  }
  return given
}

/**
 * Whether a value is an object with own fields, or an empty literal. Others, such as a `Map`, a
 * list or a session, would look like an object without fields.
 */
export function hasFields(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  if (Object.keys(value).length > 0) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function notOptions(value: unknown, { owner, checks }: OptionTable): ConfigError {
  const names = Object.keys(checks).join(', ')
  return new ConfigError(`${owner ?? 'Options'}: pass an object with options, not ${formatValue(value)}. The options are ${names}.`)
}

/**
 * The error for an option that is missing or wrong. Only the kind of an object is shown, because it
 * may contain passwords.
 */
export function invalidOption(owner: string | undefined, option: string, value: unknown, remedy: string): ConfigError {
  const fault = value === undefined ? 'is missing' : `is ${formatValue(value)}`
  return new ConfigError(`${subject(owner)} \`${option}\` ${fault}: ${remedy}.`)
}

function unknownOption(option: string, { owner, checks, foreign = {} }: OptionTable): ConfigError {
  const translation = Object.hasOwn(foreign, option) ? foreign[option] : undefined
  if (translation !== undefined) return new ConfigError(`${subject(owner)} \`${option}\` does not exist here: ${translation}.`)
  return new ConfigError(`${subject(owner)} \`${option}\` does not exist. The options are ${Object.keys(checks).join(', ')}.`)
}

function subject(owner: string | undefined): string {
  return owner === undefined ? 'Option' : `${owner}: option`
}

export const aBoolean: Check = (value) => (typeof value === 'boolean' ? undefined : 'pass true or false')
export const aFunction: Check = (value) => (typeof value === 'function' ? undefined : 'pass a function')
export const aText: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'pass a text')
export const aSignal: Check = (value) =>
  typeof (value as Partial<AbortSignal> | null)?.aborted === 'boolean' ? undefined : 'pass the signal of an AbortController'
export const aDuration: Check = (value) => (milliseconds(value) === undefined ? durationRemedy(value) : undefined)

/** A duration between two limits, in milliseconds. */
export function aDurationOf(min: number, max: number, remedy: string): Check {
  return (value) => {
    const length = Number(milliseconds(value))
    return aDuration(value) ?? (length >= min && length <= max ? undefined : remedy)
  }
}

export function oneOf(...allowed: readonly unknown[]): Check {
  return (value) => (allowed.includes(value) ? undefined : `pass one of ${allowed.map(formatValue).join(', ')}`)
}

/** A whole number of `unit` between two limits. */
export function wholeNumber(unit: string, min = 1, max: number = Number.MAX_SAFE_INTEGER): Check {
  const limits = max === Number.MAX_SAFE_INTEGER ? `, at least ${min}` : ` from ${min} to ${max}`
  return (value) =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max ? undefined : `pass a whole number of ${unit}${limits}`
}

/** A value that satisfies a condition. */
export function satisfies(isRight: (value: unknown) => boolean, remedy: string): Check {
  return (value) => (isRight(value) ? undefined : remedy)
}
