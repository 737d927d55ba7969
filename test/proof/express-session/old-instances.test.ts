// Histories that are written by hand: what express-session does to whole sessions is excused, and
// almost the same history without that cause is not.
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../checks/history.ts'
import type { Scenario } from '../scenario/generator.ts'
import { findAnomalies } from './checks.ts'
import { familyOf, type Visit } from './visits.ts'

const OLD_ID = 's:old.signature'
/** The id that a login gives to the session of `OLD_ID`. */
const NEW_ID = `s:${familyOf(OLD_ID)}${'x'.repeat(32)}.signature`

type Values = Readonly<Record<string, string | undefined>>

interface Given {
  readonly at: readonly [began: number, ended: number]
  readonly old?: boolean
  readonly seen?: Values
  /** `undefined` is a deletion. */
  readonly changes?: Values
  readonly cookie?: string | undefined
  readonly setCookie?: string
}

/** A request that succeeded. */
function visit({ at: [began, ended], old = false, seen = {}, changes = {}, cookie = OLD_ID, setCookie }: Given): Visit {
  const exchange = {
    script: { number: began, steps: [] },
    began,
    ended,
    browser: 0,
    cookie,
    setCookie,
    setCookies: setCookie === undefined ? 0 : 1,
  }
  const unit = { changes: new Map(Object.entries(changes)), fresh: false, isSaved: false, outcome: 'unknown' as const }
  const units = Object.keys(changes).length === 0 ? [] : [unit]
  const report = { exists: cookie !== '', seen: new Map(Object.entries(seen)) as Map<string, string>, units, end: undefined, fails: false }
  return { exchange: exchange as unknown as Exchange, report, isOld: old, writesOldStore: !old }
}

function anomaliesOf(given: readonly Given[], faults = false): string[] {
  return findAnomalies(given.map(visit), { faults, faultRates: { resent: 0 } } as Scenario)
}

const begins: Given = { at: [0, 10], old: true, cookie: '', setCookie: OLD_ID, changes: { x: 'v0' } }

describe('a deletion of what only old instances know', () => {
  const setsOld: Given = { at: [20, 60], old: true, seen: { x: 'v0' }, changes: { b: 'v20' } }
  const setsNew: Given = { at: [25, 40], seen: { x: 'v0' }, changes: { b: 'v25' } }
  const deletes: Given = { at: [70, 80], old: true, seen: { x: 'v0', b: 'v20' }, changes: { b: undefined } }
  const reads: Given = { at: [90, 100], seen: { x: 'v0', b: 'v25' } }

  it('may leave the value of a new instance', () => {
    expect(anomaliesOf([begins, setsOld, setsNew, deletes, reads])).toEqual([])
  })

  it.each<[string, readonly Given[], string]>([
    ['another value', [setsOld, setsNew, { ...deletes, changes: { b: 'v70' } }, reads], 'lost update (request 90): b was v25'],
    ['a deletion of the value itself', [setsNew, { ...deletes, seen: { x: 'v0', b: 'v25' } }, reads], 'deletion undone'],
    ['a value that was set before that of the new instance', [{ ...setsOld, at: [20, 24] }, setsNew, deletes, reads], 'deletion undone'],
    [
      'a deletion by a new instance',
      [setsOld, setsNew, { at: [70, 80], seen: deletes.seen ?? {}, changes: { b: undefined } }, reads],
      'deletion undone',
    ],
  ])('is no excuse for %s', (_, given, found) => {
    expect(anomaliesOf([begins, ...given]).join('\n')).toContain(found)
  })
})

describe('the row of an id that a login has replaced', () => {
  const logsIn: Given = { at: [20, 40], seen: { x: 'v0' }, changes: { 'passport.user': 'u0' }, setCookie: NEW_ID }
  const revives: Given = { at: [25, 60], old: true, seen: { x: 'v0' }, changes: { y: 'v25' } }
  const user = { x: 'v0', 'passport.user': 'u0' }
  const sets: Given = { at: [70, 80], old: true, seen: user, changes: { p: 'v70' }, cookie: NEW_ID }
  const readsOld: Given = { at: [90, 100], old: true, seen: { x: 'v0', y: 'v25' } }
  const readsNew: Given = { at: [90, 100], seen: { ...user, p: 'v70' }, cookie: NEW_ID }

  it('may be created again by a request that was running, for old instances alone', () => {
    expect(anomaliesOf([begins, logsIn, revives, sets, readsOld])).toEqual([])
    expect(anomaliesOf([begins, logsIn, revives, sets, readsNew])).toEqual([])
  })

  it.each<[string, readonly Given[], string]>([
    ['a row that nothing created again', [logsIn, sets, { ...readsOld, seen: { x: 'v0' } }], 'lost update (request 90): p of request 70'],
    ['a new instance that reads it', [logsIn, revives, sets, { ...readsOld, old: false }], 'lost update (request 90): p of request 70'],
    ['what is lost under the new id', [logsIn, revives, sets, { ...readsNew, seen: user }], 'lost update (request 90): p of request 70'],
  ])('is no excuse for %s', (_, given, found) => {
    expect(anomaliesOf([begins, ...given]).join('\n')).toContain(found)
  })
})

it('what an old instance has changed is known to every request that begins later, also with faults', () => {
  const setsOld: Given = { at: [20, 30], old: true, seen: { x: 'v0' }, changes: { 'flash.x': 'v20' } }
  const setsNew: Given = { at: [40, 60], seen: { x: 'v0' }, changes: { 'flash.m': 'v40' } }
  const reads: Given = { at: [70, 80], seen: { x: 'v0', 'flash.x': 'v20' } }
  expect(anomaliesOf([begins, setsOld, setsNew, reads], true)).toEqual([
    'lost update (request 40): flash.x of request 20 was absent',
    'lost update (request 70): flash.m of request 40 was absent',
  ])
})
