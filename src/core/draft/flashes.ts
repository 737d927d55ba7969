import { CodecError } from '../base/errors.ts'
import { formatValue } from '../base/format.ts'
import { flashName, isFlashOf } from '../base/reserved.ts'
import type { Intent } from '../changes/intent.ts'
import type { Draft } from './draft.ts'

/** 48 bits, so that no two messages of a session get the same name. */
const ID_LENGTH = 8

/**
 * Adds a message for a later request. Each message is a property with its own name, so that the
 * messages of parallel requests are all kept, and reading one removes exactly that one.
 */
export function addFlash(draft: Draft, key: string, message: unknown): void {
  if (typeof key !== 'string')
    throw new CodecError(formatValue(key), `The key of a message must be a string; this one is ${formatValue(key)}.`)
  if (message === undefined)
    throw new CodecError(key, `flash('${key}', message): the message is undefined. Pass one; to read messages, call flashed('${key}').`)
  const { values, randomText } = draft.openForWrite().context
  const text = values.print(`_flash.${key}`, message)
  draft.record({ kind: 'set', name: flashName(key, randomText(ID_LENGTH)), text })
}

/** Returns the messages that earlier requests added, oldest first, and removes them. */
export function readFlashes(draft: Draft, key: string): unknown[] {
  const { changes, response, activity, context } = draft.openForRead()
  const { initialTexts, flashesRead } = changes
  if (response.hasStarted || !activity.consumes) return []
  const unread = [...initialTexts].filter(([name]) => isFlashOf(key, name) && !flashesRead.has(name))
  for (const [name, text] of unread) {
    const intent: Intent = { kind: 'consume', name, change: () => undefined }
    draft.record(intent)
    flashesRead.set(name, { name, text, intent })
  }
  return unread.map(([name, text]) => context.values.read(name, text)).filter((message) => message !== undefined)
}

/** Keeps the messages that this request has read for the next one. */
export function keepFlashes(draft: Draft): void {
  const { changes } = draft.openForWrite()
  const { flashesRead } = changes
  for (const { name, text } of changes.withdraw([...flashesRead.values()])) draft.record({ kind: 'setIfAbsent', name, text })
  flashesRead.clear()
}
