import { flashName } from '../base/reserved.ts'
import type { Draft } from './draft.ts'

/** Leaves a message for the next request, as a property with a reserved name. */
export function flash(draft: Draft, key: string, value: unknown): void {
  const name = flashName(key)
  draft.record({ kind: 'set', name, text: draft.context.values.print(name, value) })
}

/** The message that was there when the request began. Returns it once. */
export function flashed(draft: Draft, key: string): unknown {
  const name = flashName(key)
  const text = draft.initialText(name)
  if (text === undefined || draft.flashesRead.has(name)) return undefined
  draft.flashesRead.set(name, text)
  draft.recordConsumed(name, text)
  return draft.context.values.read(name, text)
}

/** Keeps the messages that this request read, unless a new one has the same key. */
export function reflash(draft: Draft): void {
  for (const [name, text] of draft.flashesRead) {
    if (!draft.withdrawConsumed(name, text)) draft.record({ kind: 'setIfAbsent', name, text })
  }
  draft.flashesRead.clear()
}
