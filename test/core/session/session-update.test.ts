import { describe, expect, it } from 'vitest'
import { rejection, thrown, World, worldWith } from '../fixture.ts'

describe('update', () => {
  it('sets what the function returns and returns it', async () => {
    const world = await worldWith({ n: 1 })
    await world.visit((session) => {
      expect(session.update('n', (n: number) => n + 1)).toBe(2)
      expect(session.update('fresh', (current: unknown) => [current === undefined])).toEqual([true])
      expect(session.toObject()).toEqual({ n: 2, fresh: [true] })
    })
    expect(await world.read()).toEqual({ n: 2, fresh: [true] })
  })

  it('removes the property when the function returns undefined', async () => {
    const world = await worldWith({ n: 1, m: 1 })
    await world.visit((session) => expect(session.update('n', () => undefined)).toBeUndefined())
    expect(await world.read()).toEqual({ m: 1 })
  })

  it('runs again on the newest value when another request was first: nothing is lost', async () => {
    const world = await worldWith({ n: 0 })
    const [first, second] = [await world.open(), await world.open()]
    expect([first.increment('n'), second.increment('n')]).toEqual([1, 1])
    await world.sessions.commit(first, { status: 200 })
    await world.sessions.commit(second, { status: 200 })
    expect(await world.read()).toEqual({ n: 2 })
    expect(world.types()).toContain('merged')
  })

  it('takes effect exactly once when nobody interferes, and runs once', async () => {
    const world = await worldWith({ n: 0 })
    let runs = 0
    await world.visit((session) =>
      session.update('n', (n: number) => {
        runs += 1
        return n + 1
      }),
    )
    expect([runs, (await world.read())['n']]).toEqual([1, 1])
  })

  it('gets a fresh copy every run: what it does to its argument harms nobody', async () => {
    const world = await worldWith({ list: [1] })
    const [first, second] = [await world.open(), await world.open()]
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
    await world.sessions.commit(second, { status: 200 })
    await world.sessions.commit(first, { status: 200 })
    expect(await world.read()).toEqual({ list: [1, 3, 2] })
    expect(seen).toEqual([[1], [1], [1, 3]])
  })

  it('what it returns is not the object that get answers', async () => {
    const world = await worldWith({ list: [1] })
    await world.visit((session) => {
      const provisional = session.push('list', 2)
      provisional.push(99)
      expect(session.get('list')).toEqual([1, 2])
    })
    expect(await world.read()).toEqual({ list: [1, 2] })
  })

  it('sees the changes of this request in their order', async () => {
    const world = await worldWith({ n: 1 })
    await world.visit((session) => {
      session.set('n', 10)
      session.update('n', (n: number) => n * 2)
      session.increment('n', 5)
    })
    expect(await world.read()).toEqual({ n: 25 })
  })

  it('that throws throws to its caller, and records nothing', async () => {
    const world = await worldWith({ n: 1 })
    const { session } = await world.visit((session) => {
      session.set('other', 1)
      expect(
        thrown(() =>
          session.update('n', () => {
            throw new Error('mine')
          }),
        ).message,
      ).toBe('mine')
      expect(session.get('n')).toBe(1)
    })
    expect(session.modified).toBe(false)
    expect(await world.read()).toEqual({ n: 1, other: 1 })
  })

  it('that throws on a rerun: nothing is committed, and its error reaches the framework', async () => {
    const world = await worldWith({ stock: 1 })
    const buy = (stock: number): number => {
      if (stock < 1) throw new Error('sold out')
      return stock - 1
    }
    const [first, second] = [await world.open(), await world.open()]
    first.update('stock', buy)
    second.update('stock', buy)
    second.set('order', 'second')
    await world.sessions.commit(first, { status: 200 })
    expect((await rejection(world.sessions.commit(second, { status: 200 }))).message).toBe('sold out')
    expect(await world.read()).toEqual({ stock: 0 })
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'commit-failed', reason: 'application' }))
  })

  it('refuses an async function with the advice to await first', async () => {
    const session = await new World().open()
    const error = thrown(() => session.update('n', async () => 1))
    expect(error).toMatchObject({ code: 'ERR_SESSION_CODEC', property: 'n' })
    expect(error.message).toContain('await')
  })

  it('a final number: save, then reload, then get', async () => {
    const world = await worldWith({ ticket: 0 })
    const other = await world.open()
    other.increment('ticket')
    await world.visit(async (session) => {
      expect(session.increment('ticket')).toBe(1)
      await world.sessions.commit(other, { status: 200 })
      await session.save()
      await session.reload()
      expect(session.get('ticket')).toBe(2)
    })
  })
})

describe('increment and push', () => {
  it('begin with 0 and with nothing, and add to what is there', async () => {
    const world = new World()
    await world.visit((session) => {
      expect([session.increment('n'), session.increment('n', 5), session.increment('n', -2)]).toEqual([1, 6, 4])
      expect([session.push('list', 'a'), session.push('list', 'b', 'c'), session.push('list')]).toEqual([
        ['a'],
        ['a', 'b', 'c'],
        ['a', 'b', 'c'],
      ])
    })
    expect(await world.read()).toEqual({ n: 4, list: ['a', 'b', 'c'] })
  })

  it('two appends of two requests both stay', async () => {
    const world = await worldWith({ cart: ['a'] })
    const [first, second] = [await world.open(), await world.open()]
    first.push('cart', 'b')
    second.push('cart', 'c')
    await world.sessions.commit(second, { status: 200 })
    await world.sessions.commit(first, { status: 200 })
    expect(await world.read()).toEqual({ cart: ['a', 'c', 'b'] })
  })

  it('after another request deleted the property they begin anew', async () => {
    const world = await worldWith({ n: 41, cart: ['a'] })
    const late = await world.open()
    late.increment('n')
    late.push('cart', 'b')
    await world.visit((session) => session.clear())
    await world.sessions.commit(late, { status: 200 })
    expect(await world.read()).toEqual({ n: 1, cart: ['b'] })
  })
})
