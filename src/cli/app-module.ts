import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { messageOf } from '../core/base/realms.ts'

/** Imports the module of the application (`--app`). Throws `ConfigError` if that fails. */
export async function importAppModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>
  } catch (error) {
    throw new ConfigError(`--app ${formatValue(path)} cannot be imported: ${messageOf(error)}`, { cause: error })
  }
}
