import { describe, expect, it } from 'vitest'
import { FAILURES, failEveryCall, VERBS } from './nth-call.ts'

describe.each(VERBS)('%s, with one failing store call', (verb) => {
  it.each(FAILURES)('%s: no anomaly, whichever call fails', async (failure) => {
    const { runs, found } = await failEveryCall(verb, failure)
    expect(found).toEqual([])
    expect(runs).toBeGreaterThan(10)
  })
})
