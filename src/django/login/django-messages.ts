import { ConfigError } from '../../core/base/errors.ts'
import type { Draft } from '../../core/draft/draft.ts'
import type { Session } from '../../core/session/session.ts'
import { djangoDraftOf } from './django-draft.ts'

/** A message of `django.contrib.messages`. */
export interface DjangoMessage {
  /** 10 debug, 20 info, 25 success, 30 warning, 40 error, or a level that the site defines. */
  readonly level: number
  /** The text. */
  readonly message: string
  /** CSS classes, separated by spaces. */
  readonly extraTags?: string
  /** Whether the message is HTML that must not be escaped (Django's `SafeString`). */
  readonly isSafe: boolean
}

/** Django's message levels by name. */
export const djangoLevels = { debug: 10, info: 20, success: 25, warning: 30, error: 40 } as const

const MESSAGES = '_messages'
const JSON_MESSAGE = '__json_message'

/**
 * Returns the messages of this session and removes them, so that each is shown once. Messages that
 * another request adds at the same time are kept. Throws `ConfigError` without the option
 * `messageStorage` of `djangoSessions`.
 *
 * ```ts
 * for (const { level, message } of djangoMessages(req.session)) show(level, message)
 * ```
 */
export function djangoMessages<Data>(session: Session<Data>): DjangoMessage[] {
  const draft = messageDraftOf(session, 'djangoMessages')
  const shown = parseList(draft, draft.openForRead().properties.texts.get(MESSAGES))
  if (shown.length > 0 && !draft.response.hasStarted) change(draft, 'consume', (list) => without(list, shown))
  return shown.flatMap(toMessage)
}

/**
 * Adds a message, which Django or Node shows with the next page. Throws `ConfigError` without the
 * option `messageStorage` of `djangoSessions`.
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
  const draft = messageDraftOf(session, 'addDjangoMessage')
  draft.openForRead()
  const added = [JSON_MESSAGE, Number(isSafe), level, message, ...(extraTags === undefined ? [] : [extraTags])]
  change(draft, 'update', (list) => [...list, added])
}

/**
 * Django's default storage would never show a message of the session, because it reads its cookie
 * first.
 */
function messageDraftOf<Data>(session: Session<Data>, caller: string): Draft {
  const { draft, site } = djangoDraftOf(session, caller)
  if (site.hasMessages) return draft
  throw new ConfigError(
    `${caller}: Django stores messages in a cookie by default, and would not show those of the session. Set MESSAGE_STORAGE = 'django.contrib.messages.storage.session.SessionStorage' in settings.py and give djangoSessions the option \`messageStorage: 'session'\`.`,
  )
}

/**
 * Records a change that the commit applies to the newest list, so messages of parallel requests are
 * kept.
 */
function change(draft: Draft, kind: 'update' | 'consume', toNext: (list: readonly unknown[]) => readonly unknown[]): void {
  draft.openForWrite()
  draft.record({
    kind,
    name: MESSAGES,
    change: (text) => {
      const list = toNext(parseList(draft, text))
      return list.length === 0 ? undefined : draft.context.values.print(MESSAGES, JSON.stringify(list))
    },
  })
}

/** Django stores the list as JSON in a string, inside the JSON of the session. */
function parseList({ context }: Draft, text: string | undefined): readonly unknown[] {
  try {
    const list: unknown = text === undefined ? [] : JSON.parse(String(context.parse(text)))
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

/** Removes each shown message once: equal messages can be in the list several times. */
function without(list: readonly unknown[], shown: readonly unknown[]): readonly unknown[] {
  const remaining = shown.map((item) => JSON.stringify(item))
  return list.filter((item) => {
    const index = remaining.indexOf(JSON.stringify(item))
    if (index !== -1) remaining.splice(index, 1)
    return index === -1
  })
}

function toMessage(item: unknown): DjangoMessage[] {
  if (!Array.isArray(item) || item[0] !== JSON_MESSAGE) return []
  const [, isSafe, level, message, extraTags] = item as unknown[]
  if (typeof level !== 'number' || typeof message !== 'string') return []
  return [{ level, message, isSafe: Number(isSafe) === 1, ...(typeof extraTags === 'string' && extraTags !== '' ? { extraTags } : {}) }]
}
