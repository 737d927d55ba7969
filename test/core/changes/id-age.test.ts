// An id that is replaced because of its age (option `cycleId`). The models try every order of the
// steps of parallel requests, with the rules of `overlap.ts` and with broken ones.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/core/changes/intent.ts'
import { type IdsAfterWrite, idsAfter, isIdTooOld } from '../../../src/core/changes/overlap.ts'
import { interleavings } from '../../helpers/interleavings.ts'
import { HOUR, MINUTE, START } from '../fixture.ts'
import { cycle, type IdRules, login, MAX_ID_AGE, RULES, SessionRow, set, values } from './session-row.ts'

const DUE = START + MAX_ID_AGE
/** From then on, the next id that is used becomes the only one. */
const OVER = DUE + 2 * MINUTE

/** A row whose id was replaced because of its age. */
function renewedRow(): SessionRow {
  const row = new SessionRow()
  row.commit('id0', [], DUE, true)
  return row
}

describe('an id that is too old', () => {
  it('is replaced by the next commit that may, and stays valid', () => {
    const row = new SessionRow()
    expect(row.commit('id0', [], DUE - 1, true)).toBe('id0')
    expect(row.commit('id0', [], DUE, false)).toBe('id0')
    expect(row.commit('id0', [set('a', '1')], DUE, true)).toBe('id1')
    expect(row.valid(DUE)).toEqual(['id0', 'id1'])
    expect([row.proof, row.idAt, row.texts.get('a')]).toEqual(['id1', DUE, '1'])
  })

  it('is not replaced once more by requests in flight', () => {
    const row = renewedRow()
    for (const id of ['id0', 'id1', 'id0']) expect(row.commit(id, [], DUE + MINUTE, true)).toBe(id)
    expect(row.valid(DUE + MINUTE)).toEqual(['id0', 'id1'])
  })

  it('is replaced again if the response was lost', () => {
    const row = renewedRow()
    expect(row.commit('id0', [], OVER, true)).toBe('id2')
    expect(row.valid(OVER)).toEqual(['id0', 'id2'])
  })

  it('ends two minutes later, when the new one is used', () => {
    const row = renewedRow()
    row.commit('id1', [], OVER, true)
    expect(row.valid(OVER)).toEqual(['id1'])
    expect(row.commit('id0', [], OVER, true)).toBeUndefined()
  })

  it('is followed by at most one other id, however long the session lives', () => {
    const row = new SessionRow()
    let id = 'id0'
    for (let now: number = START; now < START + 10 * HOUR; now += 7 * MINUTE) {
      id = row.commit(id, [], now, true) ?? 'refused'
      expect(row.valid(now).length).toBeLessThanOrEqual(2)
    }
    expect([id, row.issued]).toEqual(['id28', 28])
  })

  it.each<[string, readonly Intent[]]>([
    ['a login', [login('ada')]],
    ['cycleId', [cycle]],
    ['another user', [set('userId', '"bob"')]],
    ['a confirmation', [{ kind: 'confirm', user: 'ada', proof: { level: 1, at: DUE } }]],
  ])('%s leaves one id', (_name, intents) => {
    for (const id of ['id1', 'id2']) {
      const row = new SessionRow()
      row.commit('id0', [login('ada')], START)
      row.commit('id1', [], DUE, true)
      row.commit(id, intents, DUE + 1, true)
      expect(row.valid(DUE + 1)).toEqual(['id3'])
    }
  })

  it('cannot be joined by a login, and neither can an older one', () => {
    const row = new SessionRow()
    row.commit('id0', [login('ada')], START)
    row.commit('id1', [], DUE, true)
    expect(row.commit('id0', [login('ada')], DUE + 1)).toBeUndefined()
    row.commit('id2', [], OVER)
    expect(row.commit('id1', [login('ada')], OVER + 1)).toBeUndefined()
  })

  it('an older id, or an invented one, is not one that was replaced a moment ago', () => {
    const row = new SessionRow()
    row.commit('id0', [login('ada')], START)
    row.commit('id1', [], DUE, true)
    for (const id of ['id0', 'invented']) expect(row.standing(id, DUE + 1)).toBe('replaced')
    expect(row.standing('id1', DUE + 1)).toBe('overlapping')
  })

  it('gives the next id its levels, also if another id has higher ones', () => {
    const row = new SessionRow()
    for (let n = 0; n < 2; n++) row.commit('id0', [login('ada', 1)], START + n)
    row.texts = new Map(row.texts).set('_login', '{"user":"ada","at":{"1":1,"2":2}}')
    expect(row.commit('id1', [], DUE + 1, true)).toBe('id3')
    expect([row.levels('id3'), row.levels('id1')]).toEqual([{ 1: START }, { 1: START }])
  })

  it('of any sequence of commits at most four ids are valid, and the one that the client got is among them', () => {
    const intents = fc.constantFrom<readonly Intent[]>([login('ada')], [login('bob')], [cycle], [set('a', '1')], [{ kind: 'clear' }], [])
    const wait = fc.constantFrom(0, MINUTE, 2 * MINUTE, MAX_ID_AGE)
    const step = fc.record({ id: fc.nat(9), intents, wait, mayCycleId: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const row = new SessionRow()
        let now: number = START
        for (const { id, intents: changes, wait: pause, mayCycleId } of steps) {
          now += pause
          const proof = `id${id}`
          const isDue = row.isValid(proof, now) && row.isTooOld(proof, now)
          const after = row.commit(proof, changes, now, mayCycleId)
          expect(row.valid(now).length).toBeLessThanOrEqual(4)
          if (after === undefined) continue
          expect(row.valid(now)).toContain(after)
          if (isDue && after !== proof && changes.length === 0) expect(new Set(row.valid(now))).toEqual(new Set([proof, after]))
        }
      }),
    )
  })
})

/** A browser, or an attacker, who has an id. */
interface Client {
  id: string
}

interface Run {
  readonly row: SessionRow
  readonly problems: Set<string>
}

type Step = (run: Run) => void

interface RequestOptions {
  readonly intents?: readonly Intent[]
  readonly isLost?: boolean
  /** The time of the process that serves it. */
  readonly now?: number
  /** Called with the row when the request has opened its session. */
  readonly onOpen?: (row: SessionRow) => void
}

/** The steps of a request: it opens its session, commits, and its response arrives. */
function request(client: Client, { intents = [], isLost = false, now = DUE, onOpen }: RequestOptions = {}): readonly Step[] {
  let opened: string | undefined
  let isOld = false
  let issued: string | undefined
  return [
    ({ row, problems }) => {
      opened = row.isValid(client.id, now) ? client.id : undefined
      isOld = opened !== undefined && row.isTooOld(opened, now)
      if (opened === undefined) problems.add('logged out')
      else onOpen?.(row)
    },
    ({ row, problems }) => {
      if (opened === undefined || (intents.length === 0 && !isOld)) return
      issued = row.commit(opened, intents, now, true)
      if (issued === undefined) problems.add('refused')
    },
    () => {
      if (!isLost && issued !== undefined && issued !== opened) client.id = issued
    },
  ]
}

/** Runs the actors in every order. Returns the problems, and in how many orders there were any. */
function inEveryOrder(rules: IdRules, makeActors: (run: Run) => readonly (readonly Step[])[], atEnd: Step): Record<string, number> {
  const found: Record<string, number> = {}
  const lengths = makeActors(newRun(rules)).map((steps) => steps.length)
  for (const order of interleavings(lengths)) {
    const run = newRun(rules)
    const steps = makeActors(run).map((each) => [...each])
    for (const actor of order) steps[actor]?.shift()?.(run)
    atEnd(run)
    for (const problem of run.problems) found[problem] = (found[problem] ?? 0) + 1
  }
  return found
}

function newRun(rules: IdRules): Run {
  return { row: new SessionRow(rules), problems: new Set() }
}

/** The browser goes on, at once and later. */
function goesOn(client: Client): Step {
  return (run) => {
    for (const now of [DUE + 1, OVER, OVER + 1, OVER + MAX_ID_AGE, OVER + MAX_ID_AGE + HOUR])
      for (const step of request(client, { now })) step(run)
  }
}

const BROKEN = {
  'the new id is the only one': {
    ...RULES,
    idsAfter: (write) =>
      idsAfter({ ...write, isCycled: false, merged: { ...write.merged, newId: write.isCycled || write.merged.newId } }, values),
  },
  'the age of the presented id decides alone': {
    ...RULES,
    isIdTooOld: (proof, entry, texts, now, context) =>
      isIdTooOld(proof, { ...entry, idAt: proof === 'id0' ? START : entry.idAt }, texts, now, context),
  },
  'ids overlap for one minute': {
    ...RULES,
    idsAfter: (write) => (write.isCycled ? idsAfter(write, values) : later(write)),
  },
  'a login keeps the ids before': {
    ...RULES,
    idsAfter: (write) => idsAfter({ ...write, isCycled: write.isCycled || (write.merged.newId && !write.joins) }, values),
  },
} satisfies Record<string, IdRules>

/** The ids after a write, one minute later than it is. */
function later(write: Parameters<typeof idsAfter>[0]): IdsAfterWrite {
  return idsAfter({ ...write, now: write.now + MINUTE }, values)
}

describe('parallel requests of a browser whose id is too old', () => {
  const LOSSES = Array.from({ length: 8 }, (_, mask) => [0, 1, 2].map((bit) => ((mask >> bit) & 1) === 1))

  /** Three requests in every order, and every choice of responses that are lost. */
  function problemsOf(rules: IdRules): Record<string, number> {
    const all = LOSSES.map((losses) => {
      let browser: Client = { id: 'id0' }
      const makeActors = (): readonly (readonly Step[])[] => {
        const client = { id: 'id0' }
        browser = client
        return losses.map((isLost, index) => request(client, { isLost, intents: index === 0 ? [] : [set('a', '1')] }))
      }
      return inEveryOrder(rules, makeActors, (run) => {
        if (run.row.issued > 1) run.problems.add('two new ids')
        goesOn(browser)(run)
      })
    })
    return sum(all)
  }

  it('get one new id, and none is refused or logged out, now or later', () => {
    expect(problemsOf(RULES)).toEqual({})
  })

  it('are refused and logged out if the new id is the only one (broken on purpose)', () => {
    const { refused = 0, 'logged out': loggedOut = 0 } = problemsOf(BROKEN['the new id is the only one'])
    expect(Math.min(refused, loggedOut)).toBeGreaterThan(0)
  })

  it('get several ids if the age of the presented id decides alone (broken on purpose)', () => {
    const { 'two new ids': several = 0, 'logged out': loggedOut = 0 } = problemsOf(BROKEN['the age of the presented id decides alone'])
    expect(Math.min(several, loggedOut)).toBeGreaterThan(0)
  })
})

describe('parallel requests to processes whose clocks differ by a minute', () => {
  const SKEWS = [0, MINUTE].flatMap((first) => [0, MINUTE].map((second) => [first, second]))

  function problemsOf(rules: IdRules): Record<string, number> {
    let browser: Client = { id: 'id0' }
    const all = SKEWS.map((skews) =>
      inEveryOrder(
        rules,
        () => {
          const client = { id: 'id0' }
          browser = client
          return skews.map((skew) => request(client, { now: DUE + skew, intents: [set('a', '1')] }))
        },
        (run) => goesOn(browser)(run),
      ),
    )
    return sum(all)
  }

  it('are not logged out', () => {
    expect(problemsOf(RULES)).toEqual({})
  })

  it('are logged out if ids overlap for one minute (broken on purpose)', () => {
    expect(problemsOf(BROKEN['ids overlap for one minute'])['logged out']).toBeGreaterThan(0)
  })
})

describe('an attacker who planted an id that is too old', () => {
  /** The attacker sends two requests while the owner reads and logs in, in every order. */
  function problemsOf(rules: IdRules): number {
    let attacker: Client = { id: 'id0' }
    const found = inEveryOrder(
      rules,
      (run) => {
        const [owner, other] = [{ id: 'id0' }, { id: 'id0' }]
        attacker = other
        const onOpen = ({ texts }: SessionRow): void => void (texts.has('userId') && run.problems.add('seen'))
        const read = request(owner)
        const logsIn = request(owner, { intents: [login('ada')] })
        return [[...request(other, { onOpen }), ...request(other, { onOpen })], read, logsIn]
      },
      ({ row, problems }) => {
        if (['id0', attacker.id].some((id) => row.isValid(id, DUE + 1))) problems.add('seen')
      },
    )
    return found['seen'] ?? 0
  }

  it('sees nothing after the login of the owner', () => {
    expect(problemsOf(RULES)).toBe(0)
  })

  it('sees the session if a login keeps the ids before (broken on purpose)', () => {
    expect(problemsOf(BROKEN['a login keeps the ids before'])).toBeGreaterThan(0)
  })
})

function sum(all: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {}
  for (const found of all) for (const [problem, count] of Object.entries(found)) total[problem] = (total[problem] ?? 0) + count
  return total
}
