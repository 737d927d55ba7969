import { ConfigError } from '../../core/base/errors.ts'
import type { Draft } from '../../core/draft/draft.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import { checkCopy, type Session } from '../../core/session/session.ts'
import type { DjangoProfile } from '../sessions/django-profile.ts'

/** The draft of a session of a Django site. */
export interface DjangoDraft {
  readonly draft: Draft
  readonly secretKeys: readonly string[]
}

/**
 * Returns the draft of a session. Throws `ConfigError` when its manager was not created by
 * `djangoSessions`.
 */
export function djangoDraftOf<Data>(session: Session<Data>, caller: string): DjangoDraft {
  checkCopy(session, `${caller}: this session`)
  const draft = draftOf(session)
  const { secretKeys } = draft.context.profile as Partial<DjangoProfile>
  if (secretKeys !== undefined) return { draft, secretKeys }
  throw new ConfigError(
    `${caller}: this session does not belong to a Django site. Create its manager with djangoSessions(…) of sojourn/django.`,
  )
}
