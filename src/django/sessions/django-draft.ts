import { ConfigError } from '../../core/base/errors.ts'
import type { Draft } from '../../core/draft/draft.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import type { Session } from '../../core/session/session.ts'
import type { DjangoDialect } from './django-profile.ts'

/** A draft whose session is one of Django's. */
export interface DjangoDraft {
  readonly draft: Draft
  readonly secretKeys: readonly string[]
}

/** The draft behind a session of `djangoSessions`. Throws `ConfigError` for another's, which Django would not understand. */
export function djangoDraftOf<Data>(session: Session<Data>, caller: string): DjangoDraft {
  const draft = draftOf(session)
  const { secretKeys } = draft.context.profile as Partial<DjangoDialect>
  if (secretKeys !== undefined) return { draft, secretKeys }
  throw new ConfigError(`${caller}: this session is not one of Django's; make its manager with djangoSessions(…) of sojourn/django.`)
}

/** Records one of the properties that only Django's own functions write. */
export function recordReserved(draft: Draft, name: string, value: unknown): void {
  draft.record({ kind: 'set', name, text: draft.context.values.print(name, value) })
}
