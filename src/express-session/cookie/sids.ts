import { ConfigError } from '../../core/base/errors.ts'
import { formatValue } from '../../core/base/format.ts'

/** Throws `ConfigError` when option `genid` returned what cannot be a sid. */
export function checkGenerated(sid: unknown): string {
  if (typeof sid === 'string' && sid !== '' && !sid.startsWith('~')) return sid
  throw new ConfigError(`Option \`genid\` returned ${formatValue(sid)}: return a text that is not empty and does not begin with "~".`)
}
