import type NodeFs from 'node:fs'
import type NodePath from 'node:path'
import { ConfigError } from '../../core/base/errors.ts'
import { invalidOption } from '../../core/base/option-checks.ts'
import { messageOf } from '../../core/base/realms.ts'
import { loadNodeSqlite, NOT_A_DATABASE, READ_ONLY, type SqliteDatabase, sqliteCode } from './sqlite-database.ts'

/**
 * Loaded here and not imported, so that a database of another library works in a runtime without
 * it.
 */
const fs = (): typeof NodeFs | undefined => globalThis.process?.getBuiltinModule?.('node:fs')
const pathModule = (): typeof NodePath | undefined => globalThis.process?.getBuiltinModule?.('node:path')

/** Whether a file exists. Opening a missing one would create it. */
export function isFile(path: string): boolean {
  return fs()?.existsSync(path) ?? false
}

/** Whether the text is the path of a file. `:memory:` and URIs are not. */
function isPath(database: string): boolean {
  return database !== ':memory:' && !database.startsWith('file:')
}

/**
 * Throws a `ConfigError` if a file cannot be opened or created at the path. Opens and creates
 * nothing.
 */
export function checkSqlitePath(owner: string, path: string): void {
  const [files, paths] = [fs(), pathModule()]
  if (files === undefined || paths === undefined || !isPath(path)) return
  const refuse = (remedy: string): never => {
    throw invalidOption(owner, 'database', path, remedy)
  }
  const directory = paths.dirname(paths.resolve(path))
  const kind = files.statSync(path, { throwIfNoEntry: false })
  if (kind?.isDirectory() === true) refuse('this is a directory; pass the path of a file in it')
  if (!files.existsSync(directory)) refuse(`the directory ${directory} does not exist; create it, or pass another path`)
  try {
    files.accessSync(directory, files.constants.W_OK)
    if (kind !== undefined) files.accessSync(path, files.constants.R_OK | files.constants.W_OK)
  } catch (error) {
    refuse(`${(error as Error).message}; ${MAKE_WRITABLE}`)
  }
}

const MAKE_WRITABLE =
  'SQLite writes to the file, to the files next to it that end in -wal and -shm, and to their directory: give the user of this process the right to do so'

/**
 * Opens a file, and creates it if it is missing, so that only its owner can read it. SQLite gives
 * the files next to it (-wal, -shm) the same permissions. The error contains the path, which
 * SQLite's own error does not.
 */
export function openSqlite(path: string): SqliteDatabase {
  try {
    const files = isPath(path) ? fs() : undefined
    files?.closeSync(files.openSync(path, 'a', 0o600)) // its errors say why, unlike those of SQLite
    return new (loadNodeSqlite())(path)
  } catch (error) {
    throw error instanceof ConfigError
      ? error
      : Object.assign(new Error(`${(error as Error).message}: ${path}`, { cause: error }), codesOf(error))
  }
}

/** The codes by which the error is recognized. */
function codesOf(error: unknown): { readonly code?: unknown; readonly errcode?: unknown } {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  return { code, ...(errcode === undefined ? {} : { errcode }) }
}

/** What to do about an error of SQLite, or of the file system, that waiting does not end. */
export function remedyFor(error: unknown, missingTable: string): string | undefined {
  if (messageOf(error).startsWith('no such table')) return missingTable
  return REMEDIES.get((error as { readonly code?: unknown }).code) ?? REMEDIES.get(sqliteCode(error))
}

const OTHER_PATH = 'Create the directory, or pass another path as `database`.'
const WRITABLE = `${MAKE_WRITABLE}.`
const REMEDIES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  ['ENOENT', OTHER_PATH],
  ['ENOTDIR', OTHER_PATH],
  ['EISDIR', 'Pass the path of a file as `database`.'],
  ['EACCES', WRITABLE],
  ['EPERM', WRITABLE],
  ['EROFS', WRITABLE],
  [READ_ONLY, WRITABLE],
  [NOT_A_DATABASE, 'The file is not a database of SQLite, or it is encrypted: pass another path as `database`.'],
])
