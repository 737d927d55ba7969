import { monotonic } from '../core/base/clock.ts'
import { ConfigError } from '../core/base/errors.ts'
import type { SessionEvent } from '../core/base/events.ts'
import { formatValue } from '../core/base/format.ts'
import { Committer } from '../core/commit/committer.ts'
import { type Engine, makeEngine } from '../core/config/engine.ts'
import { isInRealm } from '../core/config/realm.ts'
import type { IncomingRequest } from '../core/cookie/incoming-request.ts'
import type { NodeMessage } from '../core/cookie/node-request.ts'
import { toIncomingRequest } from '../core/cookie/to-incoming-request.ts'
import { NOTHING_PRESENTED } from '../core/cookie/transport.ts'
import { Draft } from '../core/draft/draft.ts'
import { parseSessionCookie, tryLoadInto } from '../core/draft/opening.ts'
import { attachLifecycles } from '../core/manager/attach-lifecycles.ts'
import { RequestSessions } from '../core/manager/request-sessions.ts'
import { marksOf } from '../core/security/marks.ts'
import { draftOf } from '../core/session/dictionary.ts'
import type { Identity } from '../core/store/id.ts'
import type { Entry } from '../core/store/store.ts'
import { type AdminContext, toRow } from './admin-engine.ts'
import type { Cause, OpeningReason } from './cause.ts'
import { causeOf } from './causes.ts'
import { SIGNED } from './cookie-causes.ts'
import { DryRunStore } from './dry-run-store.ts'
import { findRow, HASH } from './find-session.ts'
import { withTexts } from './scan.ts'
import { ownNames, type SessionDetails, sessionDetails } from './session-info.ts'

/**
 * What to explain: a request; the text of a `Cookie` header; the value of a session cookie, or an
 * id that was sent with `transport: 'bearer'`; or a handle. For the texts, the request is assumed
 * to come over HTTPS, to a path that the cookie covers.
 */
export type ExplainTarget = Request | NodeMessage | IncomingRequest | string

/** What happens to a request, and why. */
export interface Explanation extends Cause {
  /**
   * The request has its session (`session`), a new and empty one (`empty`), or one that throws an
   * error when it is used (`error`).
   */
  readonly outcome: 'session' | 'empty' | 'error'
  /** The reason of the event that opening the session emits. */
  readonly reason: OpeningReason
  /** Names the session that the request leads to. */
  readonly handle: string | undefined
  /** That session, without values; `undefined` if there is none in the store. */
  readonly session: SessionDetails | undefined
  /**
   * The properties that count as absent, because their schema refuses them or they are unreadable.
   */
  readonly invalidProperties: readonly string[]
}

/**
 * The parts of a manager that opens sessions. Its events go to a list and not to the application,
 * nothing is committed, and what its lifecycles write, such as when they carry over a session of
 * another library, stays in memory.
 */
interface Observer {
  readonly engine: Engine
  readonly events: SessionEvent[]
  readonly requests: RequestSessions<unknown>
  /** `undefined` for a store whose tokens are the sessions. */
  readonly dryRun: DryRunStore | undefined
}

/** Opens the session as a request does, and explains the result. */
export async function explain(context: AdminContext, target: ExplainTarget): Promise<Explanation> {
  const { options } = context.port
  const observer = observerOf(context)
  const { engine, events, dryRun } = observer
  const request = requestOf(engine, target)
  const { draft, identity } =
    typeof request === 'string' ? await openHandle(context, observer, request) : await openRequest(observer, request)
  const { state } = draft
  const reason = reasonOf(events)
  const entry = await storedEntry(engine, identity)
  const invalidProperties = findInvalid(draft, events)
  const row = entry && identity && toRow(engine, identity.key, entry)
  const found = causeOf({
    engine,
    options,
    state,
    texts: draft.properties.texts,
    reason,
    request: typeof request === 'string' ? undefined : request,
    entry,
    write: identity && dryRun?.writeOf(identity.key),
    allRevokedAt: reason === 'unknown-or-expired' ? await lastRevokeAll(context) : undefined,
    invalidProperties,
  })
  const cause = typeof request === 'string' ? withUnread(engine, found) : found
  return {
    outcome: state.is === 'live' ? 'session' : state.is === 'failed' ? 'error' : 'empty',
    reason,
    ...cause,
    handle: identity?.handle,
    session: row && sessionDetails(engine, withTexts(engine, row), false),
    invalidProperties,
  }
}

function observerOf({ port }: AdminContext): Observer {
  const { options, profile, lifecycles } = port
  const events: SessionEvent[] = []
  const dryRun = options.store.attach === undefined ? new DryRunStore(options.store) : undefined
  const made = makeEngine({ ...options, store: dryRun ?? options.store }, profile, (event) => void events.push(event))
  const engine = attachLifecycles(made, dryRun === undefined ? [] : lifecycles, () => committer, true)
  const committer = new Committer(engine)
  const manager = { name: options.as ?? 'session', lazy: false, saveOnEnd: false, scope: profile.scope(options) }
  return { engine, events, dryRun, requests: new RequestSessions<unknown>(engine, committer, manager) }
}

/** The request to open, or the handle. */
function requestOf(engine: Engine, target: ExplainTarget): IncomingRequest | string {
  if (typeof target !== 'string') return toIncomingRequest(target)
  const text = target.replace(/^\s*cookie:/i, '').trim()
  if (text === '')
    throw new ConfigError(
      `explain(target): the target is ${formatValue(target)}. Pass a request, the text of a Cookie header, or a handle.`,
    )
  if (text.includes('=')) return secureRequest('cookie', text)
  const isToken = !HASH.test(text) && engine.ids.parse(text) !== undefined
  return isToken || SIGNED.test(text) ? requestWith(engine, text) : text
}

function secureRequest(header: 'cookie' | 'authorization', value: string | undefined): IncomingRequest {
  return { secure: true, loopback: false, header: (name) => (name === header ? value : undefined) }
}

/** The request that a client sends for a token. */
function requestWith({ transport }: Engine, token: string): IncomingRequest {
  if (transport.header !== undefined) return secureRequest('authorization', `Bearer ${token}`)
  const carrier = transport.carrierFor(secureRequest('cookie', undefined))
  const cookies = 'reason' in carrier ? [] : carrier.issue(token, { lifetime: undefined }, NOTHING_PRESENTED)
  return secureRequest('cookie', cookies.map(({ name, value }) => `${name}=${SIGNED.test(token) ? token : value}`).join('; '))
}

/** A draft that was opened, and the one session that its request presented. */
interface OpenedDraft {
  readonly draft: Draft
  readonly identity: Identity | undefined
}

async function openRequest({ engine, requests }: Observer, request: IncomingRequest): Promise<OpenedDraft> {
  const { session } = await requests.open(request)
  const draft = draftOf(session)
  draft.openToken()
  return { draft, identity: draft.state.identity ?? presentedIdentity(engine, request) }
}

/**
 * Opens the session of a handle as a request with its newest id does. The lifecycles do not take
 * part, because they need the id.
 */
async function openHandle(context: AdminContext, { engine }: Observer, handle: string): Promise<OpenedDraft> {
  const row = await findRow(context, handle)
  const identity = row?.identity ?? { id: '', key: handle, handle, proof: NO_PROOF }
  if (row === undefined && (await isOfOtherManager(engine, identity))) {
    engine.emit({ type: 'absent', reason: 'unknown-or-expired', handle })
    return { draft: new Draft(engine, { is: 'absent' }), identity }
  }
  const draft = new Draft(engine, { is: 'unloaded', identity })
  await tryLoadInto({ ...engine, lifecycles: undefined }, draft)
  return { draft, identity }
}

/** Adds what a handle does not show of a manager that also opens sessions of another library. */
function withUnread({ lifecycles }: Engine, { cause, message, remedy }: Cause): Cause {
  const isCertain = lifecycles === undefined || lifecycles.afterLoad.length === 0 || cause === 'ended'
  if (isCertain) return { cause, message, remedy }
  return {
    cause,
    message: `${message} What another library stored (such as the old store of \`carryOver\`) was not read, because only the cookie leads to it.`,
    remedy: `${remedy} To include it, explain the cookie of the request instead of the handle.`.trim(),
  }
}

async function isOfOtherManager(engine: Engine, identity: Identity): Promise<boolean> {
  const entry = await storedEntry(engine, identity)
  return entry !== undefined && !isInRealm(entry.userId, engine.realm)
}

/**
 * The hash of no secret. Not empty, because a row that marks an ended session has an empty proof.
 */
const NO_PROOF = '-'

/** Reads every property, so that those that count as absent are reported. */
function findInvalid(draft: Draft, events: readonly SessionEvent[]): string[] {
  const { properties, state } = draft
  if (state.is === 'live') for (const name of ownNames(draft.context, properties.texts)) properties.copy(name)
  return [...new Set(events.flatMap((event) => (event.type === 'invalid' ? [event.property] : [])))]
}

function reasonOf(events: readonly SessionEvent[]): OpeningReason {
  const opening = events.findLast(({ type }) => type === 'loaded' || type === 'absent' || type === 'load-failed')
  return opening === undefined ? 'store-error' : (opening.reason as OpeningReason)
}

/** The session that the request presented, if it is only one. */
function presentedIdentity(engine: Engine, request: IncomingRequest): Identity | undefined {
  const carrier = engine.transport.carrierFor(request)
  if ('reason' in carrier) return undefined
  const [identity, another] = parseSessionCookie(carrier.read(request), engine.ids).identities ?? []
  return another === undefined ? identity : undefined
}

/**
 * The row, expired or not. `undefined` if the store fails, which opening the session has reported.
 */
async function storedEntry({ store, capabilities }: Engine, identity: Identity | undefined): Promise<Entry | undefined> {
  if (identity === undefined || capabilities.carriesData) return undefined
  return store.load({ key: identity.key, now: 0, fresh: true }).catch(() => undefined)
}

/** When all sessions of the realm were ended last. `undefined` also if the store fails. */
async function lastRevokeAll({ engine }: AdminContext): Promise<number | undefined> {
  const marks = await marksOf(engine)
    ?.ofRealm(monotonic() + engine.requestTimeout)
    .catch(() => [])
  return marks === undefined || marks.length === 0 ? undefined : Math.max(...marks.map(([at]) => at))
}
