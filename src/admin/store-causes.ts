import { isInRealm } from '../core/config/realm.ts'
import type { Entry } from '../core/store/store.ts'
import { isTombstone } from '../core/store/tombstone.ts'
import type { Cause, Findings } from './cause.ts'

const LOG_IN_AGAIN = 'The visitor has to log in again.'

/** Why the store has no session of this id that has not ended. */
export function notStored(findings: Findings): Cause {
  const { engine, entry } = findings
  if (engine.capabilities.carriesData)
    return {
      cause: 'expired',
      message:
        'The session in the cookie is over: its idle time or its absolute lifetime has passed, or it was ended (option `revocation`).',
      remedy: LOG_IN_AGAIN,
    }
  if (entry === undefined) return unknownSession(findings)
  if (isTombstone(entry)) return ended(findings)
  if (!isInRealm(entry.userId, engine.realm))
    return {
      cause: 'other-manager',
      message: 'The session belongs to another manager, which keeps its sessions in the same table.',
      remedy: 'Explain it with that manager. Managers with different `cookie` or `realm` options have different sessions and users.',
    }
  return entry.expiresAt > engine.now() ? tooStrict(findings, entry) : expired(findings, entry)
}

function unknownSession({ engine, options, allRevokedAt }: Findings): Cause {
  const limit =
    options.maxPerUser === undefined ? '' : ` its user logged in on more than ${options.maxPerUser} devices (option \`maxPerUser\`),`
  const all =
    allRevokedAt === undefined ? '' : ` All sessions were ended on ${new Date(allRevokedAt).toISOString()} (\`sessions.revokeAll\`).`
  const memory =
    engine.capabilities.evicts === true ? 'This store loses sessions when its process restarts and when it is full: use a database. ' : ''
  return {
    cause: 'unknown',
    message: `The store has no such session: it was flushed or revoked,${limit} it expired and was cleared, or it never was in this store.${all}`,
    remedy: `${memory}If many visitors are affected: check that every process uses the same database, table or prefix, and the same \`cookie.name\`, \`cookie.path\` and \`cookie.domain\`, which are part of the key; and that the store keeps rows over a restart (a \`MemoryStore\` does not) and evicts none (Redis).`,
  }
}

/** A row marks that the session has ended, or the request would write such a row. */
function ended({ write }: Findings): Cause {
  const messages = {
    create:
      'The session is only in the old store (option `carryOver`), and all sessions of its user were ended, so it is not carried over.',
    replace: 'A process that uses the old store (option `carryOver`) has ended the session there, so this request ends it here.',
    none: 'The session has ended: it was flushed or revoked.',
  }
  return { cause: 'ended', message: messages[write ?? 'none'], remedy: LOG_IN_AGAIN }
}

/** The session has not reached its stored expiry, and the options of the manager end it earlier. */
function tooStrict({ engine }: Findings, { createdAt }: Entry): Cause {
  const { revokedBefore } = engine.lifetime
  if (revokedBefore !== undefined && createdAt <= revokedBefore)
    return {
      cause: 'revoked-before',
      message: `The session started, or logged in last, before ${new Date(revokedBefore).toISOString()}, the time of the option \`revokedBefore\`.`,
      remedy: `This is what the option is for. ${LOG_IN_AGAIN}`,
    }
  return {
    cause: 'shorter-lifetime',
    message: 'The session is stored with a later expiry, and has ended by the options `idle` or `absolute`, which are stricter now.',
    remedy: `This is what shortening the options is for. ${LOG_IN_AGAIN}`,
  }
}

function expired({ engine }: Findings, { createdAt, expiresAt }: Entry): Cause {
  const ago = `${Math.max(1, Math.round((engine.now() - expiresAt) / 1000))} seconds ago`
  if (expiresAt >= createdAt + engine.lifetime.absolute)
    return {
      cause: 'expired-absolute',
      message: `The session has expired ${ago}: its absolute lifetime was over.`,
      remedy: `The option \`absolute\` limits the life of a session from its login on. ${LOG_IN_AGAIN}`,
    }
  return {
    cause: 'expired-idle',
    message: `The session has expired ${ago}: it was not used for its idle time, or it reached the date of setExpiry().`,
    remedy: 'Raise the option `idle` if visitors should stay logged in longer. Only requests that read their session extend it.',
  }
}

/** The id was the current one of its session before. */
export function renewedId({ engine, entry }: Findings): Cause {
  const seconds = entry === undefined ? undefined : Math.round((engine.now() - entry.idAt) / 1000)
  return {
    cause: 'renewed-id',
    message: `The session continues under a newer id${seconds === undefined ? '' : `, which it got ${seconds} seconds ago`}: by a login, cycleId() or another kind of cookie. This id no longer leads to it.`,
    remedy:
      'The browser did not keep the newer cookie, or this is a copy of an old one. Check that the response of the login reaches the browser with its `Set-Cookie` field, and that clients store new cookies.',
  }
}
