import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'

/** The error for an option that is missing, or cannot be used as it is. Of an object only the kind is told: it may hold passwords. */
export function invalidOption(owner: string, option: string, value: unknown, remedy: string): ConfigError {
  const fault = value === undefined ? 'is missing' : `cannot be ${formatValue(value)}`
  return new ConfigError(`${owner}: the option \`${option}\` ${fault}. ${remedy}`)
}

/** Refuses what is neither `true` nor `false`. */
export function refuseUnlessBoolean(owner: string, option: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidOption(owner, option, value, 'Give `true` or `false`.')
}

/** Refuses option names the store does not have, so that a misspelt one is not silently without effect. */
export function refuseUnknownOptions(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new ConfigError(`${owner}: there is no option \`${unknown}\`. The options are ${known.map((name) => `\`${name}\``).join(', ')}.`)
}
