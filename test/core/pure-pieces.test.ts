import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../src/codecs/json.ts'
import { MAX_DURATION, milliseconds } from '../../src/core/duration.ts'
import { endsWithBrowser, expiryOf, expiryProperties, type Lifetime, ownExpiry, touchOf } from '../../src/core/expiry.ts'
import { newIdentity, parseId, renew, sameProof } from '../../src/core/id.ts'
import type { Entry } from '../../src/core/store.ts'
import { mark, marked } from '../../src/core/write-marks.ts'
import { DAY, HOUR, MINUTE, START } from './fixture.ts'

const { parse } = jsonCodec
const lifetime: Lifetime = { idle: DAY, absolute: 30 * DAY, browserSession: false }

describe('durations', () => {
  it.each<[unknown, number]>([[1, 1000], [0.5, 500], ['90s', 90_000], ['30m', 1_800_000], ['12h', 43_200_000], ['14d', 14 * DAY], ['2w', 14 * DAY], ['250ms', 250], ['1.5h', 5_400_000], ['400d', MAX_DURATION], [34_560_000, MAX_DURATION]])('%s is %i ms', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected)
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 34_560_001, '401d', '0s', '', '5', 'm', '1y', '1 h', ' 1h', '1h ', '-1h', '1e3s', '1h30m', null, undefined, {}, true, 5n])('%s is none', (duration) => {
    expect(milliseconds(duration)).toBeUndefined()
  })

  it('is never more than 400 days and never nothing', () => {
    fc.assert(fc.property(fc.oneof(fc.double(), fc.string(), fc.tuple(fc.nat(), fc.constantFrom('ms', 's', 'm', 'h', 'd', 'w')).map(([amount, unit]) => `${amount}${unit}`)), (duration) => {
      const length = milliseconds(duration)
      if (length !== undefined) expect(length >= 0 && length <= MAX_DURATION).toBe(true)
    }))
  })
})

describe('expiry', () => {
  const texts = (properties: Record<string, unknown>): Map<string, string> => new Map(Object.entries(properties).map(([name, value]) => [name, JSON.stringify(value)]))

  it.each<[string, Record<string, unknown>, number, number]>([
    ['idle', {}, 0, DAY],
    ['its own idle', { _expiry: { idle: HOUR } }, 0, HOUR],
    ['its own instant', { _expiry: { at: START + HOUR } }, 10 * MINUTE, HOUR],
    ['never after the absolute lifetime', {}, 29.5 * DAY, 30 * DAY],
    ['an instant never after the absolute lifetime', { _expiry: { at: START + 90 * DAY } }, 0, 30 * DAY],
    ['nonsense is as if it were not there', { _expiry: 'soon' }, 0, DAY],
    ['null likewise', { _expiry: null }, 0, DAY],
    ['a negative idle likewise', { _expiry: { idle: -5 } }, 0, DAY],
  ])('%s', (_name, properties, later, expected) => {
    expect(expiryOf(texts(properties), START, START + later, lifetime, parse) - START).toBe(expected)
  })

  it('an unreadable text is as if it were not there, and never throws', () => {
    const broken = new Map([['_expiry', '{'], ['_browser', 'x']])
    expect([ownExpiry(broken, parse), endsWithBrowser(broken, lifetime, parse)]).toEqual([undefined, false])
  })

  it('endsWithBrowser: the session’s own word before the option', () => {
    const on = { ...lifetime, browserSession: true }
    expect([endsWithBrowser(texts({ _browser: true }), lifetime, parse), endsWithBrowser(texts({ _browser: false }), on, parse), endsWithBrowser(texts({}), on, parse)]).toEqual([true, false, true])
  })

  it('touch never shortens, never passes absolute, never comes sooner than a tenth of idle or an hour', () => {
    const times = fc.record({ idle: fc.integer({ min: 1, max: 60 * DAY }), absolute: fc.integer({ min: 1, max: 400 * DAY }), seen: fc.integer({ min: 0, max: 400 * DAY }), expires: fc.integer({ min: 0, max: 400 * DAY }), now: fc.integer({ min: 0, max: 400 * DAY }) })
    fc.assert(fc.property(times, ({ idle, absolute, seen, expires, now }) => {
      const entry: Entry = { payload: '{}', proof: '', idAt: 0, version: '', commits: '', createdAt: START, seenAt: START + seen, expiresAt: START + expires }
      const to = touchOf(entry, new Map(), START + now, { idle, absolute, browserSession: false }, parse)
      if (to === undefined) return
      expect(to).toBeGreaterThan(entry.expiresAt)
      expect(to).toBeLessThanOrEqual(START + absolute)
      expect(to).toBeLessThanOrEqual(START + now + idle)
      expect(now - seen).toBeGreaterThanOrEqual(Math.min(idle / 10, HOUR))
    }))
  })

  it('expiryProperties says what is stored for each kind of expiry', () => {
    const of = (expiry: Parameters<typeof expiryProperties>[0]): unknown => expiryProperties(expiry, START, START, lifetime)
    expect([of('2h'), of(new Date(START + 5)), of('browser'), of(undefined)]).toEqual([{ own: { idle: 2 * HOUR }, browser: false }, { own: { at: START + 5 }, browser: false }, { browser: true }, {}])
  })
})

describe('ids', () => {
  let drawn = 0
  const draw = (length: number): string => `${(drawn += 1)}`.padStart(length, 'A')
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

  it('an id is family.secret; key and proof are their hashes', () => {
    const { id, family, key, proof } = newIdentity(draw)
    const [first = '', second = ''] = id.split('.')
    expect([first.length, second.length, first]).toEqual([16, 32, family])
    expect([key, proof]).toEqual([sha256(first), sha256(second)])
    expect(parseId(id)).toEqual({ id, family, key, proof })
  })

  it('renewed it keeps family and key and has another secret', () => {
    const before = newIdentity(draw)
    const now = renew(before, draw)
    expect([now.family, now.key]).toEqual([before.family, before.key])
    expect([now.proof === before.proof, now.id === before.id]).toEqual([false, false])
  })

  it('only the exact shape is an id', () => {
    const good = `${'a'.repeat(16)}.${'b'.repeat(32)}`
    expect(parseId(good)).toBeDefined()
    for (const bad of ['', 'a', good.slice(1), `${good}a`, ` ${good}`, `${good} `, `${good}\n`, `${good}\0`, good.replace('.', '-'), good.replace('a', 'ä'), good.replace('a', '+'), good.replace('a', '='), good.replace('a', '%'), good.replace('b', '.'), '\ud800'.repeat(49)]) {
      expect(parseId(bad), JSON.stringify(bad)).toBeUndefined()
    }
  })

  it('no text of another shape is an id', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ minLength: 45, maxLength: 53 }), fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
      expect(parseId(text) !== undefined).toBe(/^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32}$/.test(text) && text.length === 49)
    }))
  })

  it('proofs are the same only when every character is', () => {
    const proof = sha256('x')
    expect(sameProof(proof, sha256('x'))).toBe(true)
    for (let at = 0; at < proof.length; at++) expect(sameProof(proof, `${proof.slice(0, at)}!${proof.slice(at + 1)}`)).toBe(false)
    expect([sameProof(proof, proof.slice(1)), sameProof(proof, `${proof}x`), sameProof(proof, ''), sameProof('', proof)]).toEqual([false, false, false, false])
  })
})

describe('write marks', () => {
  it('the newest of each manager comes first, and its older one goes', () => {
    const one = mark('', 'm1', 'n1', 100, 50)
    const two = mark(one, 'm2', 'n2', 110, 50)
    const three = mark(two, 'm1', 'n3', 120, 50)
    expect([one, two, three]).toEqual(['m1:n1:100', 'm2:n2:110 m1:n1:100', 'm1:n3:120 m2:n2:110'])
    expect([marked(three, 'm1', 'n3'), marked(three, 'm1', 'n1'), marked(three, 'm2', 'n2'), marked(three, 'm3', 'n')]).toEqual([true, false, true, false])
  })

  it('those of others go when they are too old', () => {
    expect(mark('m1:n1:100', 'm2', 'n2', 149, 50)).toBe('m2:n2:149 m1:n1:100')
    expect(mark('m1:n1:100', 'm2', 'n2', 150, 50)).toBe('m2:n2:150')
  })

  it('there are 32 at the most, and then an absent one may have been pushed out', () => {
    let commits = ''
    for (let manager = 0; manager < 40; manager++) commits = mark(commits, `m${manager}_`, 'n', 100, 50)
    expect(commits.split(' ').length).toBe(32)
    expect([marked(commits, 'm0_', 'n'), marked(commits, 'm39_', 'n'), marked(commits, 'm39_', 'other')]).toEqual(['crowded', true, false])
  })

  it('the own write is found as long as the manager has not written again', () => {
    const manager = fc.integer({ min: 0, max: 50 })
    fc.assert(fc.property(fc.array(manager, { maxLength: 31 }), (others) => {
      let commits = mark('', 'mine', 'nonce', 0, 1000)
      for (const [index, other] of others.entries()) commits = mark(commits, `other${other}`, `n${index}`, index, 1000)
      expect(marked(commits, 'mine', 'nonce')).toBe(true)
    }))
  })
})
