import { ConfigError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import type { Engine } from '../core/config/engine.ts'
import { type AdminContext, isAlive, type Row, toRow } from './admin-engine.ts'
import { type ReadRow, scan, withTexts } from './scan.ts'

/**
 * Finds the row of a session by its handle, expired or not. Where keys are ids, as in Django's
 * table, a handle does not lead to its row, and all rows are read in pages.
 */
export async function findRow(context: AdminContext, handle: string): Promise<Row | undefined> {
  const { engine } = context
  if (engine.capabilities.carriesData)
    throw new ConfigError(
      'The sessions of this manager are stored in the cookies of their browsers, so none can be found by its handle. explain(cookie) reads the cookie of a request.',
    )
  if (engine.capabilities.renames === true) return searchRow(context, handle)
  const entry = await engine.store.load({ key: handle, now: 0, fresh: true })
  return entry && toRow(engine, handle, entry)
}

/** The session with this handle, if it has not ended. */
export async function findSession(context: AdminContext, handle: string): Promise<ReadRow | undefined> {
  const row = await findRow(context, handle)
  if (row === undefined) return undefined
  const read = withTexts(context.engine, row)
  return isAlive(context.engine, read.entry, read.texts) ? read : undefined
}

async function searchRow(context: AdminContext, handle: string): Promise<Row | undefined> {
  for await (const rows of scan(context, { query: {}, matches: () => true })) {
    const found = rows.find(({ identity }) => identity.handle === handle)
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Throws `ConfigError` for a value that is not a handle. An id is a secret, so it is not quoted.
 */
export function requireHandle({ ids }: Pick<Engine, 'ids'>, verb: string, handle: unknown): void {
  const isText = typeof handle === 'string' && handle !== ''
  const isId = isText && !HASH.test(handle) && ids.parse(handle) !== undefined
  if (isText && !isId) return
  throw new ConfigError(
    `${verb}: the handle is ${isId ? 'an id' : formatValue(handle)}. Pass a handle of list(), or session.handle of a session that is saved.`,
  )
}

/**
 * A SHA-256, as most handles are. With the ids of express-session every text has the form of an id.
 */
export const HASH: RegExp = /^[\w-]{43}$/
