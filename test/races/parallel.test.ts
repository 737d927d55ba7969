import { describe, expect, it } from 'vitest'
import { COMBINATIONS } from './checkpoints.ts'
import { startFixture } from './fixture.ts'

describe.each(COMBINATIONS)('parallel requests of one visitor (%s, %s)', (storeName, doorName) => {
  it('50 that set 50 properties leave 50', async () => {
    const { browser } = await startFixture(storeName, doorName)
    await browser.get('/set/first/1')
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => browser.copy().get(`/set/p${index}/${index}`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['first', 1], ...Array.from({ length: 50 }, (_, index) => [`p${index}`, index])])
    expect((await browser.get('/read')).body).toEqual(expected)
  })

  it('200 increments give 200', async () => {
    const { browser } = await startFixture(storeName, doorName)
    await browser.get('/set/n/0')
    const answers = await Promise.all(Array.from({ length: 200 }, () => browser.copy().get('/increment/n')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await browser.get('/read')).body).toEqual({ n: 200 })
  })

  it('100 claims of one value yield it once', async () => {
    const { browser } = await startFixture(storeName, doorName)
    await browser.get('/set/coupon/"c0upon"')
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.copy().get('/claim/coupon')))
    expect(answers.filter(({ body }) => body === 'c0upon').length).toBe(1)
    expect((await browser.get('/read')).body).toEqual({})
  })

  it('sets, deletions, increments and claims in one heap: each has its effect', async () => {
    const { browser } = await startFixture(storeName, doorName)
    await browser.get('/set/n/0')
    for (let index = 0; index < 20; index++) await browser.get(`/set/old${index}/1`)
    await browser.get('/set/coupon/1')
    const work = Array.from({ length: 20 }, (_, index) => [
      `/delete/old${index}`,
      `/set/new${index}/1`,
      '/increment/n',
      '/claim/coupon',
    ]).flat()
    const answers = await Promise.all(work.map((target) => browser.copy().get(target)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['n', 20], ...Array.from({ length: 20 }, (_, index) => [`new${index}`, 1])])
    expect((await browser.get('/read')).body).toEqual(expected)
  })
})
