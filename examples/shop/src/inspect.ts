import type { Sessions } from 'sojourn'
import { type Inspector, inspector } from 'sojourn/inspector'
import { OPERATOR, users } from './catalog.ts'

/** The inspector of the shop's sessions. One of the users may see and change all of them. */
export function inspectSessions(sessions: Sessions): Inspector {
  return inspector({
    sessions,
    history: 1000,
    authorize(_request, original) {
      const { userId } = sessions.of(original)
      return userId === OPERATOR ? { name: users[userId] ?? userId, values: true, changes: true } : undefined
    },
  })
}
