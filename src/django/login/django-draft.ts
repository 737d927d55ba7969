import { ConfigError } from '../../core/base/errors.ts'
import type { Draft } from '../../core/draft/draft.ts'
import { draftOf } from '../../core/session/dictionary.ts'
import { checkCopy, type Session } from '../../core/session/session.ts'
import { type DjangoSite, isDjangoProfile } from '../sessions/django-profile.ts'

/** The draft of a session of a Django site. */
export interface DjangoDraft {
  readonly draft: Draft
  readonly site: DjangoSite
}

/**
 * Returns the draft of a session. Throws `ConfigError` when its manager was not created by
 * `djangoSessions`.
 */
export function djangoDraftOf<Data>(session: Session<Data>, caller: string): DjangoDraft {
  checkCopy(session, `${caller}: this session`)
  const draft = draftOf(session)
  const { profile } = draft.context
  if (isDjangoProfile(profile)) return { draft, site: profile.site }
  throw new ConfigError(
    `${caller}: this session does not belong to a Django site. Create its manager with djangoSessions(…) of sojourn/django.`,
  )
}
