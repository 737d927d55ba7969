import type { Access } from '../core/base/access.ts'
import { ConfigError, SessionEndedError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { Draft } from '../core/draft/draft.ts'
import type { AdminContext } from './admin-engine.ts'
import { findSession } from './find-session.ts'

/** An operator has no response that could give the visitor a new id. */
const NO_NEW_ID: Access = {
  writes: 'existing',
  refusal: {
    reason: 'no-response',
    error: () =>
      new ConfigError(
        'Deleting this property gives the session a new id, which only a response can send to the browser. End the session with revoke(handle) instead.',
      ),
  },
}

/** The session got a new id this often between reading and writing it. */
const MAX_TRIES = 5

/**
 * Removes a property with an ordinary commit. Returns `false` if the session has ended or does not
 * have the property. A property that the codec cannot parse can be removed too.
 */
export async function deleteProperty(context: AdminContext, handle: string, name: string): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    const row = await findSession(context, handle)
    if (row?.texts?.has(name) !== true) return false
    const draft = new Draft(context.engine, { is: 'unloaded', identity: row.identity }, {}, NO_NEW_ID)
    draft.open({ is: 'live', identity: row.identity, entry: row.entry }, row.texts)
    draft.record({ kind: 'remove', name })
    try {
      await context.committer.commit(draft)
      return true
    } catch (error) {
      if (!(error instanceof SessionEndedError) || tries === MAX_TRIES) throw error
    }
  }
}

/** Throws `ConfigError` for a name that no property of an application has. */
export function requirePropertyName({ profile }: AdminContext['engine'], name: unknown): void {
  if (typeof name === 'string' && !profile.names.isReserved(name)) return
  throw new ConfigError(
    `deleteProperty(handle, name): the name is ${formatValue(name)}. Pass the name of a property of the application; names that begin with "_" are reserved.`,
  )
}
