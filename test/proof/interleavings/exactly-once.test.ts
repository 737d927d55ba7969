// The commit pipeline over a network that loses, delays and repeats messages: every order of a few
// requests with FAULTS faults (two take a minute), and RUNS random orders of many.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Receipts } from '../../../src/core/commit/receipts.ts'
import { exploreAll, randomChoices } from './explore.ts'
import { runWriters, type Setting, type Timers } from './writers.ts'

const RUNS = Number(process.env['RUNS'] ?? 400)
const FAULTS = Number(process.env['FAULTS'] ?? 1)
const MAX_RUNS = 1_000_000
const TIMEOUT = Math.max(60_000, RUNS * 100, FAULTS * 300_000)

const timers: Timers = {
  count: () => vi.getTimerCount(),
  fireNext: () => void vi.advanceTimersToNextTimer(),
  clear: () => void vi.clearAllTimers(),
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.spyOn(Math, 'random').mockReturnValue(0.5)
})
afterEach(() => void vi.useRealTimers())

const alone: Setting = { managers: 1, requests: [], faults: FAULTS, merging: false, limit: 32 }

describe('in every order of events, no change is applied twice by', () => {
  it.each<[string, Setting]>([
    ['two writes in flight of one manager', { ...alone, requests: [append(0), append(0)] }],
    ['two managers', { ...alone, managers: 2, requests: [append(0), append(1)] }],
    ['two managers and one receipt in a row', { ...alone, managers: 2, requests: [append(0), append(1)], limit: 1 }],
    ['a change and a new key', { ...alone, managers: 2, requests: [[0, 'rename'], append(1)] }],
    ['a claim and a change', { ...alone, managers: 2, requests: [[0, 'claim'], append(1)] }],
    ['a change and an end', { ...alone, managers: 2, requests: [[0, 'delete'], append(1)] }],
    ['commits that wait for each other', { ...alone, requests: [append(0), append(0)], merging: true }],
  ])('%s', { timeout: TIMEOUT }, async (_, setting) => {
    const runs = await exploreAll(async (choices) => expect(await runWriters(setting, choices, timers)).toEqual([]), MAX_RUNS)
    expect(runs).toBeGreaterThan(100)
  })
})

/** Four managers and ten requests. */
const many: Setting = {
  managers: 4,
  requests: [append(0), append(0), append(0), append(1), append(1), append(2), append(3), [2, 'claim'], [0, 'claim'], [1, 'create']],
  faults: 8,
  merging: false,
  limit: 32,
}
const withNewKeys: Setting = { ...many, requests: [...many.requests, [1, 'rename'], [3, 'rename'], [2, 'delete']] }

describe(`in ${RUNS} random orders of events, no change is applied twice by`, () => {
  it.each<[string, Setting]>([
    ['four managers with several writes in flight', many],
    ['four managers whose commits wait for each other', { ...many, merging: true }],
    ['four managers and four receipts in a row', { ...many, limit: 4 }],
    ['four managers and one receipt in a row', { ...many, limit: 1 }],
    ['four managers, new keys and the end of the session', withNewKeys],
    ['the same with two receipts in a row', { ...withNewKeys, limit: 2 }],
  ])('%s', { timeout: TIMEOUT }, async (_, setting) => {
    for (let seed = 1; seed <= RUNS; seed++) expect(await runWriters(setting, randomChoices(seed), timers), `seed ${seed}`).toEqual([])
  })
})

describe('more than 32 receipts', () => {
  const requests = Array.from({ length: 40 }, (_, index) => append(index))

  it('do not make 40 managers apply a change twice', { timeout: TIMEOUT }, async () => {
    const setting = { ...many, managers: 40, requests }
    for (let seed = 1; seed <= RUNS / 20; seed++) expect(await runWriters(setting, randomChoices(seed), timers), `seed ${seed}`).toEqual([])
  })
})

class WithoutFloor extends Receipts {
  override add(before: string, nonce: string): string {
    return super.add(before, nonce).replace(/^\d+/, '0')
  }
}

/** The rule of one receipt per manager. */
class RemovedWhileOpen extends Receipts {
  override add(before: string, nonce: string): string {
    return keepReceipts(super.add(before, nonce), (receipt, own) => receipt === own || managerOf(receipt) !== managerOf(own))
  }
}

/** The rule of a clock that is far ahead of those of the other managers. */
class TooOldForAnother extends Receipts {
  override add(before: string, nonce: string): string {
    return keepReceipts(super.add(before, nonce), (receipt, own) => managerOf(receipt) === managerOf(own))
  }
}

describe('changes applied twice are found when receipts are', () => {
  it.each<[string, NonNullable<Setting['Rule']>, number]>([
    ['pushed out without a floor', WithoutFloor, 2],
    ['removed while their write is open', RemovedWhileOpen, 32],
    ['removed as too old by a clock that is ahead', TooOldForAnother, 32],
  ])('%s', { timeout: 60_000 }, async (_, Rule, limit) => {
    const found: string[] = []
    for (let seed = 1; seed <= 200 && found.length === 0; seed++)
      found.push(...(await runWriters({ ...many, Rule, limit }, randomChoices(seed), timers)))
    expect(found.join()).toMatch(/applied [2-9] times/)
  })
})

function append(manager: number): readonly [number, 'append'] {
  return [manager, 'append']
}

function keepReceipts(commits: string, keeps: (receipt: string, own: string) => boolean): string {
  const [floor, own = '', ...others] = commits.split(' ')
  return [floor, own, ...others.filter((receipt) => keeps(receipt, own))].join(' ')
}

function managerOf(receipt: string): string {
  return receipt.slice(0, receipt.indexOf(':'))
}
