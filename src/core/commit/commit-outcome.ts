import { type SessionEndedError, SessionError } from '../base/errors.ts'
import type { SessionEvents } from '../base/events.ts'
import type { CommitTrace } from '../base/tracing.ts'
import type { Plan } from '../changes/plan.ts'

/** What traces tell about a plan. */
export const OUTCOMES: Readonly<Record<Plan['do'], NonNullable<CommitTrace['outcome']>>> = {
  nothing: 'unchanged',
  touch: 'touched',
  create: 'created',
  replace: 'saved',
  join: 'saved',
  'end-overlap': 'saved',
  'cycle-id': 'saved',
  delete: 'ended',
  'delete-then-create': 'created',
  refuse: 'refused',
}

export function setOutcome(traced: CommitTrace | undefined, outcome: NonNullable<CommitTrace['outcome']>): void {
  if (traced !== undefined) traced.outcome = outcome
}

/** Why a write found no session. The other reasons are those of logins. */
export function foundReason({ reason }: SessionEndedError): SessionEvents['found-ended']['reason'] {
  return reason === 'other-id' ? reason : 'ended'
}

/** Why a commit failed, for events. */
export function failureReason(error: unknown): string {
  return error instanceof SessionError ? error.code : 'application'
}
