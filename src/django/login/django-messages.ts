import type { Draft } from '../../core/draft/draft.ts'
import type { Session } from '../../core/session/session.ts'
import { djangoDraftOf } from '../sessions/django-draft.ts'

/** A message of `django.contrib.messages`. */
export interface DjangoMessage {
  /** 10 debug, 20 info, 25 success, 30 warning, 40 error, or one of the site's own. */
  readonly level: number
  /** What it says. */
  readonly message: string
  /** CSS classes for whoever shows it, with blanks between. */
  readonly extraTags?: string
  /** Whether the message is HTML that need not be escaped (Django's `SafeString`). */
  readonly isSafe: boolean
}

/** Django's levels by their names. */
export const djangoLevels = { debug: 10, info: 20, success: 25, warning: 30, error: 40 } as const

const MESSAGES = '_messages'
const MARK = '__json_message'

/**
 * The messages that wait for this visitor, and takes them out: they are shown once. Those that another request adds meanwhile stay. For sites
 * with `MESSAGE_STORAGE = 'django.contrib.messages.storage.session.SessionStorage'`; Django's default keeps them in a cookie.
 *
 * ```ts
 * for (const { level, message } of djangoMessages(req.session)) show(level, message)
 * ```
 */
export function djangoMessages<Data>(session: Session<Data>): DjangoMessage[] {
  const { draft } = djangoDraftOf(session, 'djangoMessages')
  const shown = listIn(draft, draft.look().texts.get(MESSAGES))
  if (shown.length === 0 || draft.isCommitted) return shown.flatMap(read)
  change(draft, (waiting) => without(waiting, shown))
  return shown.flatMap(read)
}

/**
 * Adds a message for whichever side shows the next page.
 *
 * ```ts
 * addDjangoMessage(req.session, djangoLevels.success, 'Saved.')
 * ```
 */
export function addDjangoMessage<Data>(
  session: Session<Data>,
  level: number,
  message: string,
  { extraTags, isSafe = false }: { readonly extraTags?: string; readonly isSafe?: boolean } = {},
): void {
  const { draft } = djangoDraftOf(session, 'addDjangoMessage')
  draft.look()
  const added = [MARK, Number(isSafe), level, message, ...(extraTags === undefined ? [] : [extraTags])]
  change(draft, (waiting) => [...waiting, added])
}

/** Replayed on the newest list, like every update. */
function change(draft: Draft, next: (waiting: readonly unknown[]) => readonly unknown[]): void {
  draft.change()
  draft.record({
    kind: 'update',
    name: MESSAGES,
    change: (text) => {
      const list = next(listIn(draft, text))
      return list.length === 0 ? undefined : draft.context.values.print(MESSAGES, JSON.stringify(list))
    },
  })
}

/** Django keeps the list as a text of JSON inside the session's own. */
function listIn({ context }: Draft, text: string | undefined): readonly unknown[] {
  try {
    const list: unknown = text === undefined ? [] : JSON.parse(String(context.parse(text)))
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

function without(waiting: readonly unknown[], shown: readonly unknown[]): readonly unknown[] {
  const left = shown.map((each) => JSON.stringify(each))
  return waiting.filter((each) => {
    const index = left.indexOf(JSON.stringify(each))
    if (index !== -1) left.splice(index, 1)
    return index === -1
  })
}

function read(entry: unknown): DjangoMessage[] {
  if (!Array.isArray(entry) || entry[0] !== MARK) return []
  const [, isSafe, level, message, extraTags] = entry as unknown[]
  if (typeof level !== 'number' || typeof message !== 'string') return []
  return [{ level, message, isSafe: Number(isSafe) === 1, ...(typeof extraTags === 'string' && extraTags !== '' ? { extraTags } : {}) }]
}
