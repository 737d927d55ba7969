import { handleOf } from '../changes/state.ts'
import type { Engine } from '../config/engine.ts'
import type { Draft } from '../draft/draft.ts'

const UNCOMMITTED =
  'A connection closed before the changes of its session were saved. A WebSocket has no response that saves them, and a stream that is cut off has no end that does: call `await session.save()` after a change. Further cases are reported only to the option `onEvent`, as events of type `uncommitted`.'

const LATE_MUTATION =
  'An object of a session was changed after its response had started, and the change was not saved. Change it before the first byte of the response, or set the option `saveOnEnd`. Further cases are reported only to the option `onEvent`, as events of type `uncommitted`.'

/** Reports changes that nothing will commit. The warning is printed once. */
export function reportUncommitted(draft: Draft, engine: Pick<Engine, 'emit' | 'warnOnce'>): void {
  const { isReadOnly } = draft.response
  if (!(isReadOnly ? hasLateMutations(draft) : draft.hasChanges)) return
  engine.emit({ type: 'uncommitted', reason: isReadOnly ? 'headers-sent' : 'closed', ...handleOf(draft.state) })
  engine.warnOnce(isReadOnly ? LATE_MUTATION : UNCOMMITTED)
}

/** Whether objects were changed in place since the commit. Unlike a verb, that throws nothing. */
function hasLateMutations(draft: Draft): boolean {
  const before = draft.intents.length
  try {
    draft.changes.collect()
  } catch {
    return true
  }
  return draft.intents.length > before
}
