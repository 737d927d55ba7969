import { ConfigError } from '../base/errors.ts'
import type { Committer } from '../commit/committer.ts'
import type { Engine } from '../config/engine.ts'
import { collectLifecycles, type Lifecycle, type LifecycleContext, type MakeLifecycle } from '../config/lifecycle.ts'

/**
 * Returns the engine of a manager with its lifecycles. `committerOf` is called when the first of
 * them writes. Throws `ConfigError` if profile, store and lifecycles do not fit together.
 */
export function attachLifecycles(engine: Engine, makers: readonly MakeLifecycle[], committerOf: () => Committer, isDryRun = false): Engine {
  requireTombstones(engine)
  const context: LifecycleContext = {
    store: engine.store,
    now: engine.now,
    isDryRun,
    create: (identity, texts, deadline) => committerOf().given.create(identity, texts, deadline),
    replace: (identity, entry, texts, deadline) => committerOf().given.replace(identity, entry, texts, deadline),
    end: (session) => committerOf().ends.end(session),
    endAll: (userName, except) => committerOf().ends.endAll('userId', userName, except),
  }
  // The last one, so that it sees the decisions of the others.
  const given: Lifecycle = { afterLoad: (loaded) => committerOf().given.check(loaded) }
  const all = [...makers.map((make) => make(context)), ...(engine.profile.hasGivenIds === true ? [given] : [])]
  for (const lifecycle of all) requireLastingRows(engine, lifecycle)
  const lifecycles = collectLifecycles(all)
  return lifecycles === undefined ? engine : { ...engine, lifecycles }
}

/**
 * A `create` whose response was lost is repeated under the same id. If an end deleted the row, a
 * late copy of it would revive the session.
 */
function requireTombstones({ profile, capabilities }: Engine): void {
  if (profile.tombstoneUntil === undefined) {
    if (profile.hasGivenIds !== true) return
    throw new ConfigError(
      'A session profile with `hasGivenIds` needs `tombstoneUntil`, because a late write would revive an ended session.',
    )
  }
  const { compareAndSwap, carriesData, renames } = capabilities
  if (compareAndSwap && !carriesData && renames !== true) return
  throw new ConfigError(
    'This session store cannot keep which sessions have ended. Pass a store with rows, compare-and-swap and constant keys as `store`, such as `new SqliteStore(…)`.',
  )
}

function requireLastingRows({ capabilities }: Engine, { lastingRowsFor }: Lifecycle): void {
  if (lastingRowsFor === undefined || capabilities.evicts !== true) return
  throw new ConfigError(
    `The option \`${lastingRowsFor}\` needs a store that keeps its rows until they expire, and this store drops rows when it is full. Pass another \`store\`, such as \`new SqliteStore(…)\`, or \`new MemoryStore({ max: Infinity })\`.`,
  )
}
