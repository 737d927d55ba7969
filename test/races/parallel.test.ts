import { describe, expect, it } from 'vitest'
import { EVERYWHERE } from './checkpoints.ts'
import { scene } from './fixture.ts'

describe.each(EVERYWHERE)('parallel requests of one visitor (%s, %s)', (storeName, doorName) => {
  it('50 that set 50 properties leave 50', async () => {
    const { visitor } = await scene(storeName, doorName)
    await visitor.go('/set/first/1')
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => visitor.copy().go(`/set/p${index}/${index}`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['first', 1], ...Array.from({ length: 50 }, (_, index) => [`p${index}`, index])])
    expect((await visitor.go('/read')).body).toEqual(expected)
  })

  it('200 increments give 200', async () => {
    const { visitor } = await scene(storeName, doorName)
    await visitor.go('/set/n/0')
    const answers = await Promise.all(Array.from({ length: 200 }, () => visitor.copy().go('/increment/n')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await visitor.go('/read')).body).toEqual({ n: 200 })
  })

  it('100 claims of one value yield it once', async () => {
    const { visitor } = await scene(storeName, doorName)
    await visitor.go('/set/coupon/"c0upon"')
    const answers = await Promise.all(Array.from({ length: 100 }, () => visitor.copy().go('/claim/coupon')))
    expect(answers.filter(({ body }) => body === 'c0upon').length).toBe(1)
    expect((await visitor.go('/read')).body).toEqual({})
  })

  it('sets, deletions, increments and claims in one heap: each has its effect', async () => {
    const { visitor } = await scene(storeName, doorName)
    await visitor.go('/set/n/0')
    for (let index = 0; index < 20; index++) await visitor.go(`/set/old${index}/1`)
    await visitor.go('/set/coupon/1')
    const work = Array.from({ length: 20 }, (_, index) => [
      `/delete/old${index}`,
      `/set/new${index}/1`,
      '/increment/n',
      '/claim/coupon',
    ]).flat()
    const answers = await Promise.all(work.map((target) => visitor.copy().go(target)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['n', 20], ...Array.from({ length: 20 }, (_, index) => [`new${index}`, 1])])
    expect((await visitor.go('/read')).body).toEqual(expected)
  })
})
