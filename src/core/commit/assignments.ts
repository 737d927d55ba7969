import { SessionEndedError } from '../base/errors.ts'
import { affectsProperty, type Intent, userOf } from '../changes/intent.ts'
import type { Engine } from '../config/engine.ts'
import type { Admission, Assignment, Lifecycles, PlannedAssignment } from '../config/lifecycle.ts'
import type { RuleContext } from '../config/profile.ts'
import { userIndex } from '../config/realm.ts'
import type { Draft } from '../draft/draft.ts'

/** Whether the intent ends all other sessions of the user. */
function revokesOthers(intent: Intent): boolean {
  return (intent.kind === 'login' || intent.kind === 'confirm') && intent.revokesOthers === true
}

/** The user whose other sessions these intents end, also if the session has no user after them. */
export function userWhoseOthersEnd(intents: readonly Intent[], context: RuleContext): string | undefined {
  const intent = intents.findLast(revokesOthers)
  if (intent?.kind === 'confirm') return intent.user
  return intent?.kind === 'login' ? userOf(new Map([[context.profile.names.user, intent.text]]), context) : undefined
}

/** What these intents say about the user that they assign. */
export function assignmentOf(user: string, intents: readonly Intent[], openedAt: number, engine: Engine): Assignment {
  const login = intents.findLast((intent) => intent.kind === 'login')
  return {
    userName: userIndex(user, engine.realm),
    authenticatedAt: login?.proof?.at ?? openedAt,
    maxPerUser: login?.maxPerUser,
    revokesOthers: userWhoseOthersEnd(intents, engine) === user,
  }
}

/**
 * Asks the lifecycles whether the user of a draft may be assigned to its session, before that is
 * written. If not, the login is removed from the changes of the draft and the error is thrown.
 * Returns `undefined` without a promise for changes that assign no user.
 */
export function admit(draft: Draft, engine: Engine, discardsChanges: boolean, deadline: number): Promise<Admission> | undefined {
  const { lifecycles } = engine
  if (lifecycles === undefined || lifecycles.beforeAssign.length === 0 || draft.intents.length === 0 || discardsChanges) return undefined
  const { state, intents, openedAt } = draft
  if (!intents.some((intent) => isAssignment(intent, engine.profile.names.user))) return undefined
  const user = userOf(draft.properties.texts, engine)
  if (user === undefined) return undefined
  const handle = state.is === 'live' ? state.identity.handle : undefined
  return ask(draft, engine, lifecycles, { ...assignmentOf(user, intents, openedAt, engine), handle, deadline })
}

async function ask(draft: Draft, { emit, profile }: Engine, lifecycles: Lifecycles, planned: PlannedAssignment): Promise<Admission> {
  const { generation } = draft
  const { user } = profile.names
  let admission: Admission = {}
  try {
    for (const beforeAssign of lifecycles.beforeAssign) admission = { ...admission, ...(await beforeAssign(planned)) }
  } catch (error) {
    if (error instanceof SessionEndedError && generation === draft.generation) {
      if (error.reason === 'revoked' || error.reason === 'limit')
        emit({ type: 'login-withdrawn', reason: error.reason, ...(planned.handle !== undefined && { handle: planned.handle }) })
      draft.changes.replaceIntents(draft.state.is === 'live' ? draft.intents.filter((intent) => !isAssignment(intent, user)) : [])
    }
    throw error
  }
  return admission
}

function isAssignment(intent: Intent, userName: string): boolean {
  return intent.kind === 'login' || affectsProperty(intent, userName)
}
