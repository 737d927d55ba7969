import { type SessionError, StoreError } from '../core/base/errors.ts'
import { userOf } from '../core/changes/intent.ts'
import type { Cause, Findings, OpeningReason } from './cause.ts'
import { foreignRequest, insecureRequest, malformedCookie, missingCookie, outsidePath } from './cookie-causes.ts'
import { withoutRemedy } from './findings.ts'
import { ownNames } from './session-info.ts'
import { notStored, renewedId } from './store-causes.ts'

/**
 * Finds the cause of a reason. Opening the session has decided what happens; this only looks for
 * what led to it.
 */
export function causeOf(findings: Findings): Cause {
  return CAUSES[findings.reason](findings)
}

const CAUSES: Readonly<Record<OpeningReason, (findings: Findings) => Cause>> = {
  found: foundCause,
  'no-cookie': missingCookie,
  'malformed-cookie': malformedCookie,
  insecure: insecureRequest,
  'outside-path': outsidePath,
  'cross-site': foreignRequest,
  'two-cookies': () => ({
    cause: 'two-cookies',
    message: 'The request has several session cookies that lead to different sessions, so none of them is used.',
    remedy:
      'Another host of the same domain sets a cookie of this name, or `cookie.domain` or `cookie.path` was changed. Give each application another `cookie.name`, or log in again, which ends these sessions.',
  }),
  'unknown-or-expired': notStored,
  'other-id': renewedId,
  unreadable: () => ({
    cause: 'unreadable',
    message: 'The session is stored, and the codec of this manager cannot decode it.',
    remedy:
      'Another program or another version wrote the row, the option `codec` was changed, or the secret key is another one. Use the same options in every process that shares the table.',
  }),
  'too-large': ({ engine, entry }) => ({
    cause: 'too-large',
    message: `The session has ${entry?.payload.length ?? 'too many'} characters, more than four times the option \`maxSize\` (${engine.maxSize}), so it is not read.`,
    remedy: 'Raise `maxSize`, or end the session and store large data in a database.',
  }),
  'store-error': ({ state }) => ({
    cause: 'store-error',
    message:
      `The session could not be read, so the request gets an error and not an empty session. ${state.is === 'failed' ? withoutRemedy(state.error.message, ownRemedy(state.error)) : ''}`.trim(),
    remedy: state.is === 'failed' ? remedyOf(state.error) : 'Check whether the database responds.',
  }),
}

function foundCause({ engine, texts, invalidProperties, write }: Findings): Cause {
  const hasUser = userOf(texts, engine) !== undefined
  if (invalidProperties.length > 0)
    return {
      cause: 'invalid-properties',
      message: `The session is found. These properties count as absent: ${invalidProperties.join(', ')}. Their \`schema\` refuses what is stored, or the codec cannot parse it.`,
      remedy: 'Accept the stored form in the schema, or delete the property: sojourn delete-property NAME HANDLE.',
    }
  if (write === 'create')
    return {
      cause: 'carried-over',
      message: `The session is in the old store (option \`carryOver\`), and this request carries it over. ${hasUser ? 'Its user is logged in.' : 'No user is logged in.'}`,
      remedy: '',
    }
  if (ownNames(engine, texts).length === 0)
    return {
      cause: 'no-properties',
      message: 'The session is found, and has no properties.',
      remedy: 'A request has removed them, with clear(), delete(), pop() or claim(), or only messages and an expiry were stored.',
    }
  if (!hasUser)
    return {
      cause: 'no-user',
      message: 'The session is found with its properties, and no user is logged in.',
      remedy: `The visitor has not logged in with this session, or \`${engine.profile.names.user}\` was deleted. Check that the login calls login(userId), that its response was sent, and that its status was below 500: changes of a failed request are dropped (event \`unchanged\`, reason \`failed-response\`).`,
    }
  return { cause: 'found', message: 'The session is found, and its user is logged in.', remedy: '' }
}

function remedyOf(error: SessionError): string {
  return ownRemedy(error) ?? 'Check whether the database responds, and its address, user and table.'
}

function ownRemedy(error: SessionError): string | undefined {
  return error instanceof StoreError ? error.remedy : undefined
}
