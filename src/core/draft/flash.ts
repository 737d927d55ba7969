import { flashName } from '../base/reserved.ts'
import type { Draft } from './draft.ts'

/** Leaves a message for the next request. Each is a property of its own under a reserved name. */
export function flash(draft: Draft, key: string, value: unknown): void {
  const name = flashName(key)
  draft.record({ kind: 'set', name, text: draft.engine.values.print(name, value) })
}

/** The message that was there when the request began, once. */
export function flashed(draft: Draft, key: string): unknown {
  const name = flashName(key)
  const text = draft.initialText(name)
  if (text === undefined || draft.flashesRead.has(name)) return undefined
  draft.flashesRead.set(name, text)
  draft.recordConsumed(name, text)
  return draft.engine.values.read(name, text)
}

/** Puts back what this request read, unless something new stands there. */
export function reflash(draft: Draft): void {
  for (const [name, text] of draft.flashesRead) {
    if (!draft.forgetConsumed(name, text)) draft.record({ kind: 'fill', name, text })
  }
  draft.flashesRead.clear()
}
