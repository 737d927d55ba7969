import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { messageOf } from '../core/base/realms.ts'

type Exports = Readonly<Record<string, unknown>>

/** What the command reads of the module of an application. */
export type AppModule = Readonly<Partial<Record<'sessions' | 'default' | 'oldStore' | 'sids', unknown>>>

/** Imports the module of the application (`--app`). Throws `ConfigError` if that fails. */
export async function importAppModule(path: string): Promise<AppModule> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new ConfigError(
      `--app ${formatValue(path)}: there is no such file. Pass the path of the module, with its extension: --app ./sessions.js`,
    )
  try {
    return exportsOf((await import(pathToFileURL(resolve(path)).href)) as Exports)
  } catch (error) {
    throw new ConfigError(`--app ${formatValue(path)} cannot be imported: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * The default export of a CommonJS module is its `module.exports`. Node finds the names of its
 * members only where they are written literally, and if a compiler made the module, its default
 * export is the member `default`.
 */
function exportsOf(module: Exports): AppModule {
  const main = Object(module['default']) as Exports
  const exported = (name: string): unknown => module[name] ?? main[name]
  return {
    sessions: exported('sessions'),
    default: main['default'] ?? module['default'],
    oldStore: exported('oldStore'),
    sids: exported('sids'),
  }
}
