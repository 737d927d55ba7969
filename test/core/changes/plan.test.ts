import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { ConfigError, StoreError } from '../../../src/core/base/errors.ts'
import { type Intent, whenEnded } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { type Plan, plan } from '../../../src/core/changes/plan.ts'
import type { State } from '../../../src/core/changes/state.ts'
import { ownProfile } from '../../../src/core/config/own-profile.ts'
import type { MergeContext } from '../../../src/core/config/profile.ts'
import type { Identity } from '../../../src/core/store/id.ts'
import type { Entry } from '../../../src/core/store/store.ts'
import { DAY, HOUR, START } from '../fixture.ts'

const context: MergeContext = {
  lifetime: { idle: DAY, absolute: 30 * DAY, browserSession: false },
  parse: jsonCodec.parse,
  print: jsonCodec.print,
  profile: ownProfile,
}
const entry: Entry = {
  payload: '{}',
  proof: 'proof',
  idAt: START,
  version: 'v',
  commits: '',
  createdAt: START,
  seenAt: START,
  expiresAt: START + DAY,
}

const set: Intent = { kind: 'set', name: 'a', text: '1' }
const login: Intent = { kind: 'login', text: '2' }
const consume: Intent = { kind: 'consume', name: '_flash.id.a', change: () => undefined }
const cycle: Intent = { kind: 'cycle' }

const identityOf = (key: string): Identity => ({ id: 'family.secret', key, handle: key, proof: 'proof' })
const identity = identityOf('key')
const down = new StoreError('load', 'down')
const unreadable = new ConfigError('unreadable')

const states = {
  absent: { is: 'absent' },
  unreadable: { is: 'absent', refusal: { reason: 'unreadable', error: () => unreadable } },
  unloaded: { is: 'unloaded', identity },
  live: { is: 'live', identity, entry },
  several: { is: 'live', identity, entry, isOverlapOver: true },
  old: { is: 'live', identity, entry, isIdTooOld: true, isOverlapOver: true },
  ended: { is: 'ended', identity },
  replaced: {
    is: 'ended',
    identity,
    newer: {
      entry,
      texts: new Map([
        ['userId', '2'],
        ['_from', `["proof",${START}]`],
      ]),
    },
  },
  failed: { is: 'failed', identity, error: down },
  unknown: { is: 'unknown', identity },
} satisfies Record<string, State>

interface Given {
  state: keyof typeof states
  base?: Record<string, string>
  intents?: readonly Intent[]
  flushed?: readonly string[]
  accessed?: boolean
  failed?: boolean
  later?: number
  touches?: boolean
  mayCycleId?: boolean
}

function decide(given: Given): Plan {
  const {
    state,
    base = {},
    intents = [],
    flushed = [],
    accessed = true,
    failed = false,
    later = 0,
    touches = true,
    mayCycleId = true,
  } = given
  const texts = new Map(Object.entries(base))
  const input = {
    state: states[state],
    intents,
    texts,
    pendingDeletes: flushed.map(identityOf),
    accessed,
    touches,
    mayCycleId,
    discardsChanges: failed,
    now: START + later,
  }
  return plan({ ...input, merge: () => merge(texts, intents, context) }, context)
}

describe('plan', () => {
  it.each<[string, Given, object]>([
    ['the session is not accessed', { state: 'live', accessed: false, later: 2 * HOUR * 10 }, { do: 'nothing', reason: 'not-used' }],
    ['read only, recently seen', { state: 'live' }, { do: 'nothing', reason: 'read-only' }],
    ['read only, a tenth of idle later', { state: 'live', later: HOUR }, { do: 'touch', expiresAt: START + HOUR + DAY }],
    [
      'read only, where a touch would take a new token',
      { state: 'live', later: HOUR, touches: false },
      { do: 'nothing', reason: 'read-only' },
    ],
    ['read only, no session', { state: 'absent', later: HOUR }, { do: 'nothing', reason: 'read-only' }],
    ['read only, ended', { state: 'ended' }, { do: 'nothing', reason: 'read-only' }],
    ['read only, failed load', { state: 'failed' }, { do: 'nothing', reason: 'read-only' }],
    ['changed, no session', { state: 'absent', intents: [set] }, { do: 'create' }],
    [
      'changed to nothing, no session',
      { state: 'absent', intents: [set, { kind: 'clear' }] },
      { do: 'nothing', reason: 'nothing-to-save' },
    ],
    ['cycled, no session', { state: 'absent', intents: [cycle] }, { do: 'nothing', reason: 'nothing-to-save' }],
    ['login, no session', { state: 'absent', intents: [login] }, { do: 'create' }],
    ['saved, no session', { state: 'absent', intents: [{ kind: 'save' }] }, { do: 'create' }],
    ['saved', { state: 'live', intents: [{ kind: 'save' }] }, { do: 'replace' }],
    ['flushed and saved', { state: 'absent', flushed: ['key'], intents: [{ kind: 'save' }] }, { do: 'delete', ended: [identity] }],
    ['read only, a session that cannot be read', { state: 'unreadable' }, { do: 'nothing', reason: 'read-only' }],
    ['changed, a session that cannot be read', { state: 'unreadable', intents: [login] }, { do: 'refuse', error: unreadable }],
    ['changed', { state: 'live', intents: [set] }, { do: 'replace' }],
    ['changed to nothing', { state: 'live', intents: [{ kind: 'clear' }] }, { do: 'replace' }],
    ['cycled', { state: 'live', intents: [cycle] }, { do: 'replace' }],
    ['login of a visitor', { state: 'live', intents: [login] }, { do: 'replace' }],
    ['login of the same user', { state: 'live', base: { userId: '2' }, intents: [login] }, { do: 'replace' }],
    [
      'login over another user',
      { state: 'live', base: { userId: '1' }, intents: [login] },
      { do: 'delete-then-create', ended: [identity], reason: 'other-user' },
    ],
    ['changed, ended', { state: 'ended', intents: [set] }, { do: 'refuse', error: { code: 'ERR_SESSION_ENDED' } }],
    ['login, ended', { state: 'ended', intents: [set, login] }, { do: 'create' }],
    ['changed, load failed', { state: 'failed', intents: [set] }, { do: 'refuse', error: down }],
    ['login, load failed', { state: 'failed', intents: [login] }, { do: 'refuse', error: down }],
    ['changed, unknown', { state: 'unknown', intents: [set] }, { do: 'refuse', error: { code: 'ERR_SESSION_COMMIT_UNKNOWN' } }],
    ['changed, unread', { state: 'unloaded', intents: [set] }, { do: 'refuse', error: { code: 'ERR_SESSION_NOT_LOADED' } }],
    ['flushed', { state: 'absent', flushed: ['key'] }, { do: 'delete', ended: [identity] }],
    [
      'flushed, then changed',
      { state: 'absent', flushed: ['key'], intents: [set] },
      { do: 'delete-then-create', ended: [identity], reason: 'flush' },
    ],
    ['flushed twice', { state: 'absent', flushed: ['key', 'other'] }, { do: 'delete', ended: [identity, identityOf('other')] }],
    ['login of the same user, id replaced a moment ago', { state: 'replaced', intents: [set, login] }, { do: 'join', identity }],
    ['login of the same user, id replaced a minute ago', { state: 'replaced', intents: [login], later: 60_000 }, { do: 'create' }],
    ['login of another user, id replaced a moment ago', { state: 'replaced', intents: [{ ...login, text: '3' }] }, { do: 'create' }],
    ['changed, id replaced a moment ago', { state: 'replaced', intents: [set] }, { do: 'refuse', error: { code: 'ERR_SESSION_ENDED' } }],
    ['read only, several ids for too long', { state: 'several', accessed: false }, { do: 'end-overlap', identity }],
    ['changed, several ids for too long', { state: 'several', intents: [set] }, { do: 'replace' }],
    ['5xx, several ids for too long', { state: 'several', intents: [set], failed: true }, { do: 'end-overlap', identity }],
    ['read only, an old id', { state: 'old' }, { do: 'cycle-id', identity }],
    ['not accessed, an old id', { state: 'old', accessed: false }, { do: 'end-overlap', identity }],
    ['read only, an old id that the response cannot replace', { state: 'old', mayCycleId: false }, { do: 'end-overlap', identity }],
    ['changed, an old id', { state: 'old', intents: [set] }, { do: 'replace' }],
    ['5xx, an old id', { state: 'old', failed: true }, { do: 'end-overlap', identity }],
    ['flushed, an old id', { state: 'old', flushed: ['key'] }, { do: 'delete', ended: [identity] }],
    ['flushed, several ids for too long', { state: 'several', flushed: ['key'] }, { do: 'delete', ended: [identity] }],
    ['5xx, changed', { state: 'live', intents: [set], failed: true }, { do: 'nothing', reason: 'failed-response' }],
    ['5xx, login', { state: 'live', intents: [login], failed: true }, { do: 'nothing', reason: 'failed-response' }],
    ['5xx, cycled', { state: 'live', intents: [cycle], failed: true }, { do: 'nothing', reason: 'failed-response' }],
    ['5xx, flushed', { state: 'absent', flushed: ['key'], failed: true }, { do: 'delete', ended: [identity] }],
    [
      '5xx, flushed, then changed',
      { state: 'absent', flushed: ['key'], intents: [set], failed: true },
      { do: 'delete', ended: [identity] },
    ],
    ['5xx, load failed', { state: 'failed', failed: true }, { do: 'nothing', reason: 'failed-response' }],
  ])('%s', (_name, given, expected) => {
    expect(decide(given)).toMatchObject(expected)
  })
})

describe('plan laws', () => {
  const given = fc.record({
    state: fc.constantFrom(...(Object.keys(states) as (keyof typeof states)[])),
    intents: fc.array(fc.constantFrom<Intent>(set, login, consume, cycle, { kind: 'clear' }, { kind: 'remove', name: 'a' }), {
      maxLength: 5,
    }),
    flushed: fc.array(fc.constantFrom('one', 'two'), { maxLength: 2 }),
    accessed: fc.boolean(),
    failed: fc.boolean(),
    later: fc.integer({ min: 0, max: 40 * DAY }),
    base: fc.constantFrom<Record<string, string>>({}, { userId: '1' }, { userId: '2', a: '1' }, { _expiry: `{"at":${START + HOUR}}` }),
  })

  it('plans only deletions for a failed response', () => {
    fc.assert(
      fc.property(given, (each) => {
        expect(['nothing', 'delete', 'end-overlap']).toContain(decide({ ...each, failed: true }).do)
      }),
    )
  })

  it('always deletes flushed sessions first', () => {
    fc.assert(
      fc.property(given, (each) => {
        if (each.flushed.length === 0) return
        expect(decide(each)).toMatchObject({ ended: each.flushed.map(identityOf) })
      }),
    )
  })

  it('calls no update function for a failed response', () => {
    const merge = (): never => {
      throw new Error('merge was called')
    }
    const common = {
      intents: [set],
      texts: new Map<string, string>(),
      accessed: true,
      touches: true,
      mayCycleId: true,
      discardsChanges: true,
      now: START,
      merge,
    }
    for (const state of Object.values(states))
      for (const pendingDeletes of [[], [identity]]) plan({ ...common, state, pendingDeletes }, context)
  })

  it('creates, replaces and deletes nothing without changes', () => {
    fc.assert(
      fc.property(given, (each) => {
        expect(['nothing', 'touch', 'end-overlap', 'cycle-id']).toContain(decide({ ...each, intents: [], flushed: [] }).do)
      }),
    )
  })

  it('never replaces a session that has ended, failed to load or is unknown', () => {
    fc.assert(
      fc.property(given, (each) => {
        if (['ended', 'failed', 'unknown', 'absent', 'unloaded', 'replaced'].includes(each.state))
          expect(decide(each).do).not.toBe('replace')
      }),
    )
  })

  it('never shortens a session by a touch and never exceeds the absolute lifetime', () => {
    fc.assert(
      fc.property(given, (each) => {
        const decided = decide({ ...each, intents: [], flushed: [] })
        if (decided.do !== 'touch') return
        expect(decided.expiresAt).toBeGreaterThanOrEqual(entry.expiresAt)
        expect(decided.expiresAt).toBeLessThanOrEqual(START + 30 * DAY)
      }),
    )
  })
})

describe('whenEnded', () => {
  it('returns what happens to intents whose session has ended', () => {
    expect(whenEnded([consume, consume])).toBe('drop')
    expect(whenEnded([consume, set])).toBe('refuse')
    expect(whenEnded([set, login])).toBe('start-new')
    expect(whenEnded([set])).toBe('refuse')
  })
})
