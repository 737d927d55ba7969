import { describe, expect, it } from 'vitest'
import { startFixture } from './fixture.ts'
import { COMBINATIONS } from './servers.ts'

describe.each(COMBINATIONS)('parallel requests of one browser (%s, %s)', (storeName, serverName) => {
  it('keep all of 50 properties that 50 requests set', async () => {
    const { browser } = await startFixture(storeName, serverName)
    await browser.get('/set/first/1')
    const responses = await Promise.all(Array.from({ length: 50 }, (_, index) => browser.copy().get(`/set/p${index}/${index}`)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['first', 1], ...Array.from({ length: 50 }, (_, index) => [`p${index}`, index])])
    expect((await browser.get('/read')).body).toEqual(expected)
  })

  it('count 200 concurrent increments', async () => {
    const { browser } = await startFixture(storeName, serverName)
    await browser.get('/set/n/0')
    const responses = await Promise.all(Array.from({ length: 200 }, () => browser.copy().get('/increment/n')))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await browser.get('/read')).body).toEqual({ n: 200 })
  })

  it('return a value to one of 100 claims', async () => {
    const { browser } = await startFixture(storeName, serverName)
    await browser.get('/set/coupon/"c0upon"')
    const responses = await Promise.all(Array.from({ length: 100 }, () => browser.copy().get('/claim/coupon')))
    expect(responses.filter(({ body }) => body === 'c0upon').length).toBe(1)
    expect((await browser.get('/read')).body).toEqual({})
  })

  it('apply all concurrent sets, deletions, increments and claims', async () => {
    const { browser } = await startFixture(storeName, serverName)
    await browser.get('/set/n/0')
    for (let index = 0; index < 20; index++) await browser.get(`/set/old${index}/1`)
    await browser.get('/set/coupon/1')
    const work = Array.from({ length: 20 }, (_, index) => [
      `/delete/old${index}`,
      `/set/new${index}/1`,
      '/increment/n',
      '/claim/coupon',
    ]).flat()
    const responses = await Promise.all(work.map((target) => browser.copy().get(target)))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    const expected = Object.fromEntries([['n', 20], ...Array.from({ length: 20 }, (_, index) => [`new${index}`, 1])])
    expect((await browser.get('/read')).body).toEqual(expected)
  })
})
