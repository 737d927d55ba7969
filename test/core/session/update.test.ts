import { describe, expect, it } from 'vitest'
import type { Session } from '../../../src/index.ts'
import { appWith, catchError, catchRejection, TestApp } from '../fixture.ts'

describe('update', () => {
  it('sets and returns the result of the function', async () => {
    const app = await appWith({ n: 1 })
    await app.request((session) => {
      expect(session.update('n', (n: number) => n + 1)).toBe(2)
      expect(session.update('fresh', (current: unknown) => [current === undefined])).toEqual([true])
      expect(session.toObject()).toEqual({ n: 2, fresh: [true] })
    })
    expect(await app.read()).toEqual({ n: 2, fresh: [true] })
  })

  it('removes the property if the function returns undefined', async () => {
    const app = await appWith({ n: 1, m: 1 })
    await app.request((session) => expect(session.update('n', () => undefined)).toBeUndefined())
    expect(await app.read()).toEqual({ m: 1 })
  })

  it('calls the function again with the newest value after a conflict', async () => {
    const app = await appWith({ n: 0 })
    const [first, second] = [await app.open(), await app.open()]
    expect([first.increment('n'), second.increment('n')]).toEqual([1, 1])
    await app.sessions.commit(first, { status: 200 })
    await app.sessions.commit(second, { status: 200 })
    expect(await app.read()).toEqual({ n: 2 })
    expect(app.eventTypes()).toContain('merged')
  })

  it('calls the function once without a conflict', async () => {
    const app = await appWith({ n: 0 })
    let runs = 0
    await app.request((session) =>
      session.update('n', (n: number) => {
        runs += 1
        return n + 1
      }),
    )
    expect([runs, (await app.read())['n']]).toEqual([1, 1])
  })

  it('passes a new copy to every call', async () => {
    const app = await appWith({ list: [1] })
    const [first, second] = [await app.open(), await app.open()]
    const seen: unknown[] = []
    const append =
      (item: number) =>
      (list: number[]): number[] => {
        seen.push([...list])
        list.push(item)
        return list
      }
    first.update('list', append(2))
    second.update('list', append(3))
    await app.sessions.commit(second, { status: 200 })
    await app.sessions.commit(first, { status: 200 })
    expect(await app.read()).toEqual({ list: [1, 3, 2] })
    expect(seen).toEqual([[1], [1], [1, 3]])
  })

  it('returns another object than get', async () => {
    const app = await appWith({ list: [1] })
    await app.request((session) => {
      const provisional = session.push('list', 2)
      provisional.push(99)
      expect(session.get('list')).toEqual([1, 2])
    })
    expect(await app.read()).toEqual({ list: [1, 2] })
  })

  it('applies after earlier changes of this request', async () => {
    const app = await appWith({ n: 1 })
    await app.request((session) => {
      session.set('n', 10)
      session.update('n', (n: number) => n * 2)
      session.increment('n', 5)
    })
    expect(await app.read()).toEqual({ n: 25 })
  })

  it('throws the error of the function to its caller and records nothing', async () => {
    const app = await appWith({ n: 1 })
    const { session } = await app.request((session) => {
      session.set('other', 1)
      expect(
        catchError(() =>
          session.update('n', () => {
            throw new Error('mine')
          }),
        ).message,
      ).toBe('mine')
      expect(session.get('n')).toBe(1)
    })
    expect(session.modified).toBe(false)
    expect(await app.read()).toEqual({ n: 1, other: 1 })
  })

  it('rejects the commit with the error of the function if a repeated call throws', async () => {
    const app = await appWith({ stock: 1 })
    const buy = (stock: number): number => {
      if (stock < 1) throw new Error('sold out')
      return stock - 1
    }
    const [first, second] = [await app.open(), await app.open()]
    first.update('stock', buy)
    second.update('stock', buy)
    second.set('order', 'second')
    await app.sessions.commit(first, { status: 200 })
    expect((await catchRejection(app.sessions.commit(second, { status: 200 }))).message).toBe('sold out')
    expect(await app.read()).toEqual({ stock: 0 })
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'commit-failed', reason: 'application' }))
  })

  it.each<[string, (session: Session<any>) => unknown]>([
    ['set', (session) => session.set('a', 1)],
    ['update', (session) => session.update('a', () => 1)],
    ['update of the same property', (session) => session.update('n', () => 1)],
    ['increment', (session) => session.increment('a')],
    ['push', (session) => session.push('list', 1)],
    ['delete', (session) => session.delete('a')],
    ['pop', (session) => session.pop('a')],
    ['data', (session) => (session.data['a'] = 1)],
    ['flash', (session) => session.flash('a', 1)],
    ['clear', (session) => session.clear()],
    ['flush', (session) => session.flush()],
    ['login', (session) => session.login(1)],
    ['save', (session) => session.save()],
    ['claim', (session) => session.claim('a')],
    ['reload', (session) => session.reload()],
    ['load', (session) => session.load()],
  ])('refuses %s in the function at the call, and records nothing', async (_verb, call) => {
    const app = await appWith({ n: 1 })
    const before = await app.row()
    await app.request((session) => {
      const error = catchError(() => session.update('n', () => call(session)))
      expect([error.code, error.message.includes('update()')]).toEqual(['ERR_SESSION_CONFIG', true])
      expect(catchError(() => session.update('n', () => session.update('n', () => call(session)))).code).toBe('ERR_SESSION_CONFIG')
      expect(session.modified).toBe(false)
      session.get('n')
    })
    expect(await app.row()).toEqual(before)
  })

  it('allows changes again after the function, and reads in it', async () => {
    const app = await appWith({ n: 1, by: 2 })
    await app.request((session) => {
      expect(session.update('n', (n: number) => n + session.get('by'))).toBe(3)
      session.set('a', 1)
    })
    expect(await app.read()).toEqual({ n: 3, by: 2, a: 1 })
  })

  it('refuses a change in a function that runs again at the commit', async () => {
    const app = await appWith({ n: 0 })
    const session = await app.open()
    let runs = 0
    session.update('n', (n: number) => {
      if ((runs += 1) > 1) session.set('a', 1)
      return n + 1
    })
    await app.request((other) => other.increment('n'))
    expect((await catchRejection(session.save())).code).toBe('ERR_SESSION_CONFIG')
    expect(await app.read()).toEqual({ n: 1 })
  })

  it('rejects an async function and advises to await first', async () => {
    const session = await new TestApp().open()
    const error = catchError(() => session.update('n', async () => 1))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'n' })
    expect(error.message).toContain('await')
  })

  it('gives a final number after save and reload', async () => {
    const app = await appWith({ ticket: 0 })
    const other = await app.open()
    other.increment('ticket')
    await app.request(async (session) => {
      expect(session.increment('ticket')).toBe(1)
      await app.sessions.commit(other, { status: 200 })
      await session.save()
      await session.reload()
      expect(session.get('ticket')).toBe(2)
    })
  })
})

describe('increment and push', () => {
  it('start with 0 and with an empty list, and add to existing values', async () => {
    const app = new TestApp()
    await app.request((session) => {
      expect([session.increment('n'), session.increment('n', 5), session.increment('n', -2)]).toEqual([1, 6, 4])
      expect([session.push('list', 'a'), session.push('list', 'b', 'c'), session.push('list')]).toEqual([
        ['a'],
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ])
    })
    expect(await app.read()).toEqual({ n: 4, list: ['a', 'b', 'c'] })
  })

  it('keep the items of two requests', async () => {
    const app = await appWith({ cart: ['a'] })
    const [first, second] = [await app.open(), await app.open()]
    first.push('cart', 'b')
    second.push('cart', 'c')
    await app.sessions.commit(second, { status: 200 })
    await app.sessions.commit(first, { status: 200 })
    expect(await app.read()).toEqual({ cart: ['a', 'c', 'b'] })
  })

  it('start again after another request deleted the property', async () => {
    const app = await appWith({ n: 41, cart: ['a'] })
    const late = await app.open()
    late.increment('n')
    late.push('cart', 'b')
    await app.request((session) => session.clear())
    await app.sessions.commit(late, { status: 200 })
    expect(await app.read()).toEqual({ n: 1, cart: ['b'] })
  })
})
