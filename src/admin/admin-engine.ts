import { ConfigError } from '../core/base/errors.ts'
import { Committer } from '../core/commit/committer.ts'
import { type Engine, makeEngine } from '../core/config/engine.ts'
import type { Texts } from '../core/config/profile.ts'
import { isInRealm } from '../core/config/realm.ts'
import type { AdminPort } from '../core/manager/admin-port.ts'
import { attachLifecycles } from '../core/manager/attach-lifecycles.ts'
import type { Identity } from '../core/store/id.ts'
import type { Entry, IndexName } from '../core/store/store.ts'
import { isTombstone } from '../core/store/tombstone.ts'

/** A row of the store that is a session. */
export interface Row {
  /**
   * Leads to the row. Has the proof of the newest id, and no id, except where the key is the id.
   */
  readonly identity: Identity
  readonly entry: Entry
}

/** The sessions of one manager, as an operator reads and changes them. */
export interface AdminContext {
  readonly port: AdminPort
  readonly engine: Engine
  readonly committer: Committer
}

/**
 * Makes an engine of the options of a manager. It is separate from that of the manager, as that of
 * another process is, so an admin takes no part in the requests of the application.
 */
export function adminContext(port: AdminPort): AdminContext {
  const { options, profile, lifecycles } = port
  const engine: Engine = attachLifecycles(makeEngine(options, profile), lifecycles, () => committer)
  const committer = new Committer(engine)
  return { port, engine, committer }
}

/**
 * The session of a row; `undefined` for a row that marks an ended session or a session of another
 * realm.
 */
export function toRow({ ids, capabilities, realm }: Engine, key: string, entry: Entry): Row | undefined {
  if (isTombstone(entry) || !isInRealm(entry.userId, realm)) return undefined
  const identity = capabilities.renames === true ? ids.parse(key) : { id: '', key, handle: key, proof: entry.proof }
  return identity && { identity, entry }
}

/** Whether a session has not ended, by its expiry and by the options of the manager. */
export function isAlive(engine: Engine, entry: Entry, texts: Texts | undefined): boolean {
  const now = engine.now()
  return entry.expiresAt > now && (texts === undefined || engine.profile.endOf(entry, texts, engine) > now)
}

/** Throws `ConfigError` where the sessions are not in the store, or the store cannot list them. */
export function requireList({ capabilities }: Engine, verb: string): void {
  if (capabilities.carriesData)
    throw new ConfigError(
      `${verb}: the sessions of this manager are stored in the cookies of their browsers, so the server has no list of them. Use a store on the server, or explain(cookie) for one request.`,
    )
  if (!capabilities.list) throw new ConfigError(`${verb}: the session store has no \`list\`. Use a store with the capability \`list\`.`)
}

export function hasIndex({ capabilities }: Engine, index: IndexName): boolean {
  return capabilities.indexes.includes(index)
}
