import * as crypto from 'node:crypto'
import { ConfigError, CsrfError } from '../core/base/errors.ts'
import { formatValue } from '../core/base/format.ts'
import { validProofs } from '../core/changes/overlap.ts'
import type { Draft } from '../core/draft/draft.ts'
import { draftOf, isOfThisCopy } from '../core/session/dictionary.ts'
import { checkCopy, type Session } from '../core/session/session.ts'
import { fromBase64url, toBase64url } from '../wire/base64url.ts'
import { constantTimeEqual } from '../wire/constant-time-equal.ts'

/** The length of the mask, and of the token under it. */
const BYTES = 32

/**
 * The token of a session against forged requests, for a hidden field of a form or a header. It
 * differs at every call, so that a compressed page does not reveal it, and every one is valid as
 * long as the id of the session: a login ends it. Empty for a visitor without a session, for whom
 * nothing is stored. Counts as reading the session. Throws `ConfigError` with sessions of Django,
 * which has its own token.
 *
 * ```ts
 * import { csrfToken } from 'sojourn/csrf'
 * import type { Session } from 'sojourn'
 * declare const session: Session
 *
 * const field = `<input type="hidden" name="_csrf" value="${csrfToken(session)}">`
 * ```
 */
export function csrfToken<Data>(session: Session<Data>): string {
  const draft = open(session, 'csrfToken')
  const identity = draft.currentIdentity
  if (identity === undefined) return ''
  const mac = macOf(draft, identity.proof)
  const mask = fromBase64url(draft.context.randomText(Math.ceil((BYTES * 4) / 3)))
  return toBase64url(mask + xor(mac, mask))
}

/**
 * Throws `CsrfError` (403) unless the token is one of the session. A visitor without a session has
 * no token, and then nothing is checked: the option `trustedOrigins` protects a login form. `token`
 * is what the client sent, of any type. Throws `ConfigError` as `csrfToken`.
 *
 * ```ts
 * import { verifyCsrfToken } from 'sojourn/csrf'
 * import express from 'express'
 * declare const req: express.Request
 *
 * verifyCsrfToken(req.session, req.body._csrf ?? req.get('x-csrf-token'))
 * ```
 */
export function verifyCsrfToken<Data>(session: Session<Data>, token: unknown): void {
  const draft = open(session, 'verifyCsrfToken')
  const { currentIdentity: identity, context } = draft
  if (identity === undefined) return
  const mac = unmask(token)
  const proofs = [identity.proof, ...validProofs(draft.changes.latestTexts, context.parse)]
  if (mac !== undefined && proofs.some((proof) => constantTimeEqual(mac, macOf(draft, proof)))) return
  throw new CsrfError(
    undefined,
    'The token of this form is missing, or is not that of the session. Load the page again and repeat the request.',
  )
}

function open<Data>(session: Session<Data>, caller: string): Draft {
  checkCopy(session, 'This session')
  if (!isOfThisCopy(session))
    throw new ConfigError(`${caller}(session) got ${formatValue(session)} that is no session. Pass the session: req.session.`)
  const draft = draftOf(session).openForRead()
  if (draft.context.capabilities.renames !== true) return draft
  throw new ConfigError(
    'csrfToken: the id of this session is the key of its row, which is no secret. Use the token of Django, or the option `trustedOrigins`.',
  )
}

/**
 * The token without its mask. It is made of a proof, which changes with the id, and a secret that
 * only the browser has: of an id the part that stays, so that the form of a page that was opened
 * before a renewal is valid as long as its id. The table has neither.
 */
function macOf({ currentIdentity, context }: Draft, proof: string): string {
  const { id = '', proof: own = '' } = currentIdentity ?? {}
  const secret = context.capabilities.carriesData ? own : (id.split('.')[0] as string)
  return fromBase64url(crypto.createHmac('sha256', secret).update(`sojourn csrf ${proof}`).digest('base64url'))
}

function unmask(token: unknown): string | undefined {
  if (typeof token !== 'string' || !/^[\w-]{86}$/.test(token)) return undefined
  const bytes = fromBase64url(token)
  return xor(bytes.slice(0, BYTES), bytes.slice(BYTES))
}

/** Of texts with one byte in each character. */
function xor(one: string, other: string): string {
  return Array.from(one, (character, index) => String.fromCharCode(character.charCodeAt(0) ^ other.charCodeAt(index))).join('')
}
