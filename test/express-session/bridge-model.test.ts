import { describe, expect, it } from 'vitest'
import type { Texts } from '../../src/core/config/profile.ts'
import type { Entry } from '../../src/core/store/store.ts'
import type { BridgeRecord, ComparedRow } from '../../src/express-session/carry-over/bridge-record.ts'
import type { CarryOverParts } from '../../src/express-session/carry-over/carry-over.ts'
import type { OldSession } from '../../src/express-session/carry-over/old-row.ts'
import { RowFormat } from '../../src/express-session/carry-over/row-format.ts'
import { Random } from '../proof/scenario/random.ts'
import { BridgeModel, type Data, type End, format, type Request, type Setting } from './bridge-model.ts'
import { everyOrder, type Found, randomOrder } from './every-order.ts'

const OLD = { x: 'x0', y: 'y0' }
const read: Request = { at: 'new' }
const setsX: Request = { at: 'old', sets: { x: 'of an old instance' } }
const setsXNew: Request = { at: 'new', sets: { x: 'of a new instance' } }
const setsY: Request = { at: 'new', sets: { y: 'y1' } }
const logout: Request = { at: 'new', ends: true }
const oldLogout: Request = { at: 'old', ends: true }
const take: Request = { at: 'take' }

/** A session that a new instance has carried over and written back, so that the old row has a mark. */
const bridged = { old: OLD, before: [{ at: 'new', sets: { z: 'z0' } }] satisfies Request[] }

const SETTINGS: Readonly<Record<string, Setting>> = {
  'a change of an old instance is imported once': {
    ...bridged,
    requests: [setsX, setsXNew, read],
    faults: 1,
    check: each(importedOnce, staysLoggedIn, rowsAreEqual),
  },
  'a change of an old instance to a row without a mark is imported once': {
    old: OLD,
    requests: [setsX, setsXNew, read],
    check: each(importedOnce, staysLoggedIn, rowsAreEqual),
  },
  'a change of a new instance is not undone': {
    ...bridged,
    requests: [setsX, setsY],
    faults: 1,
    check: each(importedOnce, staysLoggedIn, rowsAreEqual, hasY),
  },
  'the last write of the old row is the newest one': {
    ...bridged,
    requests: [setsY, setsXNew],
    check: each(importedOnce, staysLoggedIn, rowsAreEqual, oldIsNewest),
  },
  'a new session is logged out by no crash': {
    requests: [{ at: 'new', creates: true, sets: { x: 'x1' } }, setsY],
    faults: 1,
    check: each(importedOnce, neverEnded),
  },
  'a carried-over session is logged out by no crash': {
    old: OLD,
    requests: [setsX, setsY],
    faults: 1,
    check: each(importedOnce, staysLoggedIn),
  },
  'a logout on an old instance is final': {
    ...bridged,
    requests: [oldLogout, setsY],
    faults: 1,
    check: each(oldLogoutIsFinal),
  },
  'a logout on an old instance before the first write of the old row is final': {
    old: OLD,
    requests: [oldLogout, setsY],
    faults: 1,
    check: each(oldLogoutIsFinal),
  },
  'a logout on a new instance is final on both sides': {
    ...bridged,
    requests: [logout, setsY],
    check: each(logoutIsFinal, ({ old, isLoggedOut }) => (old === undefined || !isLoggedOut ? [] : ['the old row was revived'])),
  },
  'a logout on a new instance is final while an old instance writes': {
    old: OLD,
    requests: [logout, setsX],
    faults: 1,
    check: each(logoutIsFinal),
  },
  'the last change of an old instance is imported at the end of the bridge': {
    ...bridged,
    before: [...bridged.before, setsX],
    requests: [take, { at: 'take', sets: { y: 'y1' } }],
    last: 'take',
    faults: 1,
    check: each(importedOnce, staysLoggedIn, ({ found }) =>
      found?.['x'] === setsX.sets?.['x'] ? [] : ['the change of the old instance is lost'],
    ),
  },
  'a session is taken while an old instance still runs': {
    ...bridged,
    requests: [take, setsX],
    faults: 1,
    check: each(importedOnce, staysLoggedIn),
  },
  'a logout on an old instance is imported at the end of the bridge': {
    ...bridged,
    before: [...bridged.before, oldLogout],
    requests: [take, { at: 'take', sets: { y: 'y1' } }],
    last: 'take',
    faults: 1,
    check: each(oldLogoutIsFinal),
  },
  'parallel first requests use one session': {
    old: OLD,
    requests: [take, { at: 'take', sets: { y: 'y1' } }, { at: 'take', sets: { x: 'x1' } }],
    last: 'take',
    check: each(importedOnce, staysLoggedIn, hasY),
  },
  'an instance without the bridge and one with it carry one session over': {
    old: OLD,
    requests: [take, setsY],
    faults: 1,
    check: each(importedOnce, staysLoggedIn),
  },
  'a session that was taken goes back to the bridge': {
    old: OLD,
    before: [take, { at: 'take', sets: { x: 'x1' } }],
    later: 3_600_000,
    requests: [setsX, setsY],
    faults: 1,
    check: each(importedOnce, staysLoggedIn, rowsAreEqual),
  },
  'instances with and without the bridge log nobody out': {
    ...bridged,
    requests: [take, setsY],
    faults: 1,
    check: each(importedOnce, staysLoggedIn),
  },
}

describe('in every order of the steps of old and new instances', () => {
  it.each(Object.entries(SETTINGS))('%s', async (_, setting) => {
    const { states, problems } = await run(setting)
    expect(Object.fromEntries(problems)).toEqual({})
    expect(states).toBeGreaterThan(20)
  })
})

/** More requests than can be tried in every order. */
const MANY: Readonly<Record<string, Setting>> = {
  'change the session': {
    ...bridged,
    requests: [setsX, setsY, setsXNew, read, { at: 'new', sets: { z: 'z1' } }, { at: 'old', sets: { w: 'w1' } }],
    faults: 2,
    check: each(staysLoggedIn, rowsAreEqual),
  },
  'change and end the session': {
    ...bridged,
    requests: [setsX, setsY, logout, setsXNew, read],
    faults: 2,
    check: each(logoutIsFinal),
  },
  'begin with a row of the old store': {
    old: OLD,
    requests: [take, { at: 'take', sets: { y: 'y1' } }, setsXNew, read, take],
    faults: 2,
    check: each(importedOnce, staysLoggedIn),
  },
}

describe.each(Object.entries(MANY))('in 1,000 random orders, many requests %s', (_, setting) => {
  it('without a problem', async () => {
    for (let seed = 1; seed <= 1000; seed++)
      expect([...(await randomOrder(() => BridgeModel.start(setting), new Random(seed)))], `seed ${seed}`).toEqual([])
  })
})

type Mutate = NonNullable<Setting['mutate']>

/** Carry-overs with one rule removed, and a setting in which that shows. */
const MUTANTS: readonly (readonly [rule: string, setting: keyof typeof SETTINGS, change: Pick<Setting, 'mutate' | 'deletes'>])[] = [
  ['differences whose import is not recorded', 'a change of an old instance is imported once', { mutate: withoutImports }],
  ['a comparison of the old row with that of sojourn', 'the last write of the old row is the newest one', { mutate: comparingRows }],
  ['a record of the old row before it is written', 'a new session is logged out by no crash', { mutate: recordingEarly }],
  ['writes of the old row that do not read it first', 'a logout on an old instance is final', { mutate: readingOnce }],
  ['ends that delete the row', 'a logout on a new instance is final while an old instance writes', { deletes: true }],
  ['logouts that are not looked for after a write', 'a logout on a new instance is final on both sides', { mutate: notLoadingAgain }],
  ['changes that are not looked for after a write', 'the last write of the old row is the newest one', { mutate: notLoadingAgain }],
  ['marks that are not unique', 'a change of an old instance is imported once', { mutate: withOneMark }],
  ['a missing old row that is not followed by another load', 'parallel first requests use one session', { mutate: loadingOnce }],
  [
    'no last import at the end of the bridge',
    'the last change of an old instance is imported at the end of the bridge',
    { mutate: withoutLastImport },
  ],
  [
    'no last look for a logout at the end of the bridge',
    'a logout on an old instance is imported at the end of the bridge',
    { mutate: withoutLastImport },
  ],
]

describe('a problem is found with', () => {
  it.each(MUTANTS)('%s', async (_, name, change) => {
    const { problems } = await run({ ...(SETTINGS[name] as Setting), ...change }, true)
    expect([...problems.keys()]).not.toEqual([])
  })
})

function run(setting: Setting, first = false): Promise<Found> {
  return everyOrder(() => BridgeModel.start(setting), { first })
}

function each(...checks: readonly Setting['check'][]): Setting['check'] {
  return (end) => checks.flatMap((check) => check(end))
}

/** No value comes back after another one has replaced it. */
function importedOnce({ history }: End): string[] {
  const repeated = history.filter((text, index) => history.indexOf(text) !== index)
  return repeated.map((text) => `again ${text}`)
}

function neverEnded({ row }: End): string[] {
  return row === 'ended' ? ['the session has ended'] : []
}

function staysLoggedIn({ found, row, missed }: End): string[] {
  return found === undefined || row === 'ended' || missed.length > 0 ? ['the visitor is logged out'] : []
}

function rowsAreEqual({ found, oldAfterwards }: End): string[] {
  return JSON.stringify(sorted(found)) === JSON.stringify(sorted(oldAfterwards)) ? [] : ['the old row is out of date']
}

function oldIsNewest({ row, old, hadFaults }: End): string[] {
  return hadFaults || JSON.stringify(sorted(row)) === JSON.stringify(sorted(old))
    ? []
    : ['the last write of the old row was not the newest']
}

function hasY({ found, hadFaults }: End): string[] {
  return hadFaults || found?.['y'] === 'y1' ? [] : ['the change of y is lost']
}

function oldLogoutIsFinal({ found, isExcused }: End): string[] {
  return found === undefined || isExcused ? [] : ['a logout on an old instance was undone']
}

function logoutIsFinal({ isLoggedOut, found, oldAfterwards }: End): string[] {
  if (!isLoggedOut) return []
  return [...(found === undefined ? [] : ['the logout was undone']), ...(oldAfterwards === undefined ? [] : ['the old row was left'])]
}

function sorted(data: Data | 'ended' | undefined): unknown {
  return typeof data === 'object' ? Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1)) : data
}

class WithoutImports extends RowFormat {
  override recordOf(texts: Texts): BridgeRecord | undefined {
    const record = super.recordOf(texts)
    return record && { ...record, imports: {} }
  }
}

function withoutImports(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  return [{ ...parts, format: new WithoutImports(format) }, context]
}

/** Every difference between the two rows counts as a change of an old instance. */
class ComparingRows extends RowFormat {
  override recordOf(texts: Texts): BridgeRecord | undefined {
    const record = super.recordOf(texts)
    return record && { ...record, imports: {}, copied: this.hashesOf(texts) }
  }

  override compared(old: OldSession): ComparedRow {
    return { ...super.compared(old), mark: undefined }
  }
}

function comparingRows(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  return [{ ...parts, format: new ComparingRows(format) }, context]
}

function recordingEarly(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  const record = { proof: 'proof', written: 'early', copied: {}, imports: {} }
  const set: CarryOverParts['old']['set'] = async (sid, row, deadline) => {
    const entry = await context.store.load({ key: 'key', now: 0 })
    const texts = new Map(entry && format.decode(entry.payload))
    if (entry !== undefined && !texts.has('_bridge'))
      await context.replace(
        { id: sid, key: 'key', handle: 'key', proof: 'proof' },
        entry,
        texts.set('_bridge', JSON.stringify(record)),
        deadline,
      )
    return parts.old.set(sid, row, deadline)
  }
  return [{ ...parts, old: { ...parts.old, set } }, context]
}

function readingOnce(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  let row: ReturnType<CarryOverParts['old']['get']> | undefined
  return [{ ...parts, old: { ...parts.old, get: (sid, deadline) => (row ??= parts.old.get(sid, deadline)) } }, context]
}

/** After a write of the old row, the row of sojourn is the one that this request knows. */
function notLoadingAgain(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  let isWritten = false
  let known: Entry | undefined
  const keep = async (entry: Promise<Entry | undefined>): Promise<Entry | undefined> => (known = (await entry) ?? known)
  return [
    { ...parts, old: { ...parts.old, set: (...set) => parts.old.set(...set).then(() => void (isWritten = true)) } },
    {
      ...context,
      store: { ...context.store, load: (operation) => (isWritten ? Promise.resolve(known) : keep(context.store.load(operation))) },
      replace: (...replace) => keep(context.replace(...replace)),
    },
  ]
}

function loadingOnce(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  let row: Promise<Entry | undefined> | undefined
  return [parts, { ...context, store: { ...context.store, load: (operation) => (row ??= context.store.load(operation)) } }]
}

function withOneMark(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  return [{ ...parts, randomText: () => 'mark' }, context]
}

class WithoutRecord extends RowFormat {
  override recordOf(): undefined {
    return undefined
  }
}

function withoutLastImport(...[parts, context]: Parameters<Mutate>): ReturnType<Mutate> {
  return [parts.bridge ? parts : { ...parts, format: new WithoutRecord(format) }, context]
}
