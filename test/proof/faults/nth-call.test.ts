import { describe, expect, it } from 'vitest'
import { FAILURES, failEveryCall, VERBS } from './nth-call.ts'

describe.each(VERBS)('%s, with one store call failing', (verb) => {
  it.each(FAILURES)('%s: the first, the second, and so on to the last', async (failure) => {
    const { runs, found } = await failEveryCall(verb, failure)
    expect(found).toEqual([])
    expect(runs).toBeGreaterThan(10)
  })
})
