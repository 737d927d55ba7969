import { warn } from '../../stores/shared/store-options.ts'

/** Gives a warning, unless a warning with the same text was given before. */
export type WarnOnce = (message: string) => void

/** Passes each text to `onWarning` once. Default `console.warn`. */
export function warnOnce(onWarning: (message: string) => void = warn): WarnOnce {
  const given = new Set<string>()
  return (message) => {
    if (given.has(message)) return
    given.add(message)
    onWarning(message)
  }
}
