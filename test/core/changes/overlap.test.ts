import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/core/changes/intent.ts'
import { merge } from '../../../src/core/changes/merge.ts'
import { additive, isOverlapOver, mayJoin, standingOf } from '../../../src/core/changes/overlap.ts'
import type { Texts } from '../../../src/core/config/profile.ts'
import { MINUTE, START } from '../fixture.ts'
import { context, cycle, login, SessionRow, set, values } from './session-row.ts'

describe('ids of parallel logins', () => {
  it('a login with the id that the login replaced joins, and both ids are valid', () => {
    const row = new SessionRow()
    expect(row.commit('id0', [login('ada')], START)).toBe('id1')
    expect(row.commit('id0', [login('ada')], START + 10)).toBe('id2')
    expect(row.valid(START + 20)).toEqual(['id1', 'id2'])
    expect([row.proof, row.idAt]).toEqual(['id2', START + 10])
  })

  it('after six logins from one id the newest four are valid', () => {
    const row = new SessionRow()
    for (let n = 0; n < 6; n++) row.commit('id0', [login('ada')], START + n)
    expect(row.valid(START + 10)).toEqual(['id3', 'id4', 'id5', 'id6'])
  })

  it.each<[string, (row: SessionRow) => string | undefined]>([
    ['a minute later', (row) => row.commit('id0', [login('ada')], START + MINUTE)],
    [
      'a minute after the login, although another one joined',
      (row) => {
        row.commit('id0', [login('ada')], START + MINUTE - 1)
        return row.commit('id0', [login('ada')], START + MINUTE)
      },
    ],
    ['with an invented secret', (row) => row.commit('invented', [login('ada')], START + 1)],
    ['of another user', (row) => row.commit('id0', [login('bob')], START + 1)],
    ['of two users', (row) => row.commit('id0', [login('bob'), login('ada')], START + 1)],
    ['that also asks for a new id', (row) => row.commit('id0', [login('ada'), cycle], START + 1)],
    ['that also sets the user', (row) => row.commit('id0', [login('ada'), set('userId', '"ada"')], START + 1)],
    [
      'after a cycleId',
      (row) => {
        row.commit('id1', [cycle], START + 1)
        return row.commit('id0', [login('ada')], START + 2)
      },
    ],
    [
      'after another user was set',
      (row) => {
        row.commit('id1', [set('userId', '"bob"')], START + 1)
        return row.commit('id0', [login('bob')], START + 2)
      },
    ],
    [
      'after a clear',
      (row) => {
        row.commit('id1', [{ kind: 'clear' }], START + 1)
        return row.commit('id0', [login('ada')], START + 2)
      },
    ],
    [
      'after a logout with delete',
      (row) => {
        row.commit('id1', [{ kind: 'remove', name: 'userId' }], START + 1)
        return row.commit('id0', [login('ada')], START + 2)
      },
    ],
    [
      'with the id before the last two logins',
      (row) => {
        row.commit('id1', [login('ada')], START + 1)
        return row.commit('id0', [login('ada')], START + 2)
      },
    ],
    ['no login', (row) => row.commit('id0', [set('a', '1')], START + 1)],
  ])('does not join: %s', (_name, attempt) => {
    const row = new SessionRow()
    row.commit('id0', [login('ada')], START)
    expect(attempt(row)).toBeUndefined()
  })

  it('a login that asks for another new id too, or that changes the user, cannot be joined', () => {
    for (const intents of [
      [login('ada'), cycle],
      [cycle, login('ada')],
      [login('bob'), set('userId', '"ada"')],
    ]) {
      const row = new SessionRow()
      row.commit('id0', intents, START)
      expect(row.commit('id0', [login('ada')], START + 1)).toBeUndefined()
    }
  })

  it('after two minutes the first id that is used becomes the only one', () => {
    for (const used of ['id1', 'id2']) {
      const row = new SessionRow()
      row.commit('id0', [login('ada')], START)
      row.commit('id0', [login('ada')], START + 5)
      expect(isOverlapOver(row.entry, row.texts, START + 2 * MINUTE + 4, values.parse)).toBe(false)
      row.commit('id1', [set('a', '1')], START + 2 * MINUTE + 4)
      expect(row.valid(START + 2 * MINUTE + 4)).toEqual(['id1', 'id2'])
      expect(isOverlapOver(row.entry, row.texts, START + 2 * MINUTE + 5, values.parse)).toBe(true)
      row.commit(used, [], START + 2 * MINUTE + 5)
      expect(row.valid(START + 2 * MINUTE + 5)).toEqual([used])
      expect(row.idAt).toBe(used === 'id1' ? START : START + 5)
      expect(row.texts).toEqual(
        new Map([
          ['cart', '1'],
          ['userId', '"ada"'],
          ['a', '1'],
        ]),
      )
    }
  })

  it('a clear keeps all ids valid, because they are not data', () => {
    const row = new SessionRow()
    for (let n = 0; n < 2; n++) row.commit('id0', [login('ada')], START + n)
    row.commit('id1', [{ kind: 'clear' }], START + 5)
    expect(row.valid(START + 6)).toEqual(['id1', 'id2'])
  })

  it('ignores properties that are not of the right form', () => {
    const texts = (text: string): Texts =>
      new Map([
        ['_others', text],
        ['_from', text],
        ['userId', '"ada"'],
      ])
    const { entry } = new SessionRow()
    for (const text of ['', '{', '1', 'null', '[]', '[1]', '[["id5"]]', '[["id5","x"]]', '{"0":"id5"}']) {
      expect(standingOf('id5', entry, texts(text), START, values.parse)).toBe('just-replaced')
      expect(mayJoin('id5', [login('ada')], texts(text), START, context)).toBe(false)
    }
  })

  it('of any sequence of commits at most four ids are valid, and only one if the last new id was not that of a joined login', () => {
    const intents = fc.constantFrom<readonly Intent[]>(
      [login('ada')],
      [login('ada')],
      [login('bob')],
      [login('ada'), cycle],
      [cycle],
      [set('a', '1')],
      [set('userId', '"bob"')],
      [{ kind: 'clear' }],
      [{ kind: 'remove', name: 'userId' }],
      [],
    )
    const step = fc.record({ id: fc.nat(6), intents, wait: fc.constantFrom(0, 1, 30_000, MINUTE, 2 * MINUTE) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const row = new SessionRow()
        let now: number = START
        for (const { id, intents: changes, wait } of steps) {
          now += wait
          const proof = `id${id}`
          const before = { valid: row.valid(now), idAt: row.idAt, wasValid: row.isValid(proof, now) }
          const after = row.commit(proof, changes, now)
          const valid = row.valid(now)
          expect(valid.length).toBeLessThanOrEqual(4)
          expect(valid).toContain(after ?? row.proof)
          if (after === undefined) expect(valid).toEqual(before.valid)
          else if (before.wasValid && after !== proof) expect(valid).toEqual([after])
          else if (before.wasValid) expect(valid).toEqual(now - before.idAt < 2 * MINUTE ? before.valid : [proof])
          else expect(valid).toEqual([...before.valid, after].slice(-4))
        }
      }),
    )
  })
})

describe('changes of a request that saw no session', () => {
  it('add to the session that they join, and remove and replace nothing', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const text = fc.constantFrom('1', '2')
    const intent = fc.oneof(
      fc.record({ kind: fc.constantFrom('set' as const, 'mutate' as const, 'setIfAbsent' as const), name, text }),
      name.map((each): Intent => ({ kind: 'consume', name: each, change: () => undefined })),
      fc.record({ kind: fc.constantFrom('remove' as const, 'claim' as const), name }),
      fc.constant<Intent>({ kind: 'clear' }),
    )
    fc.assert(
      fc.property(fc.dictionary(name, text), fc.array(intent, { maxLength: 8 }), (base, intents) => {
        const { texts } = merge(new Map(Object.entries(base)), additive(intents), context)
        expect(Object.fromEntries(texts)).toMatchObject(base)
      }),
    )
  })

  it('still include updates, a login and a new id', () => {
    const kept: Intent[] = [{ kind: 'update', name: 'n', change: () => '1' }, login('ada'), cycle]
    expect(additive(kept)).toEqual(kept)
  })
})
