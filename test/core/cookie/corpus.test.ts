import { describe, expect, it } from 'vitest'
import { incoming } from '../../incoming.ts'
import { Browser, DAY, type Visit, type World, worldWith } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const NAME = '__Host-sid'

/** Two living sessions, and what a request with this header sees of the first. */
async function ask(
  header: (ids: { a: string; b: string }) => unknown,
): Promise<{ world: World; seen: unknown; created: string; others: boolean; calls: string[] }> {
  const world = await worldWith({ who: 'a' }, {}, (memory) => new ScriptedStore(memory))
  const second = new Browser()
  await world.visit((session) => void session.set('who', 'b'), { browser: second })
  const [ids, rows] = [{ a: world.browser.id ?? '', b: second.id ?? '' }, await world.rows()]
  const cookie = header(ids) as string
  const store = world.store as ScriptedStore
  store.calls.length = 0
  const reader = await world.sessions.open(incoming(cookie))
  const seen = reader.get('who')
  const silent = await world.sessions.commit(reader, { status: 200 })
  expect(silent.getSetCookie()).toEqual([])
  const calls = [...store.calls]
  const unchanged = JSON.stringify(await world.rows()) === JSON.stringify(rows)
  const writer = await world.sessions.open(incoming(cookie))
  writer.set('mine', 1)
  const created = (await world.sessions.commit(writer, { status: 200 })).getSetCookie()[0] ?? ''
  expect(Object.keys(Object.prototype)).toEqual([])
  return { world, seen, created, others: unchanged, calls }
}

describe('cookie headers that carry no session', () => {
  const headers: [string, (ids: { a: string; b: string }) => unknown][] = [
    ['empty', () => ''],
    ['only semicolons', () => ';;;;;;'],
    ['a name without =', () => NAME],
    ['a value without a name', ({ a }) => `=${a}`],
    ['NBSP before the name', ({ a }) => `\u00a0${NAME}=${a}`],
    ['a byte order mark', ({ a }) => `\ufeff${NAME}=${a}`],
    ['a percent-encoded name', ({ a }) => `%5F%5FHost-sid=${a}`],
    ['a mangled prefix', ({ a }) => `..Host-sid=${a}`],
    ['the name as a suffix', ({ a }) => `x${NAME}=${a}`],
    ['the name as a prefix', ({ a }) => `${NAME}x=${a}`],
    ['inside a quoted value', ({ a }) => `a="x; ${NAME}=${a}"`],
    ['legacy $Version', ({ a }) => `$Version=1; ${NAME}="${a}"; $Path=/`],
    ['a leading quote', ({ a }) => `${NAME}="${a}`],
    ['single quotes', ({ a }) => `${NAME}='${a}'`],
    ['a tab inside', () => `${NAME}=ab\tcd`],
    ['joined by a comma', ({ a, b }) => `${NAME}=${a},${b}`],
    ['two equals', ({ a }) => `${NAME}==${a}`],
    ['percent in front', ({ a }) => `${NAME}=%${a}`],
    ['percent NUL', () => `${NAME}=%00`],
    ['__proto__ for a name', () => `__proto__=1; constructor=2; ${NAME}=`],
    ['NUL', () => `${NAME}=\0a`],
    ['high bytes', () => `${NAME}=\u00ff\u00fe`],
    ['8 KiB', () => `${NAME}=${'a'.repeat(8192)}`],
    ['1 MiB', () => `${NAME}=${'a'.repeat(1 << 20)}`],
    ['100,000 semicolons', () => ';'.repeat(100_000)],
    ['100,000 equals', () => `${NAME}${'='.repeat(100_000)}`],
    ['undefined', () => undefined],
    ['null', () => null],
    ['a number', () => 5],
    ['an object', () => ({})],
    ['two living ids', ({ a, b }) => `${NAME}=${a}; ${NAME}=${b}`],
    ['one character too long', ({ a }) => `${NAME}=${a}a`],
    ['one character too short', ({ a }) => `${NAME}=${a.slice(1)}`],
    ['other case', ({ a }) => `${NAME}=${a.toLowerCase()}${a.toUpperCase()}`],
    ['full-width digits', () => `${NAME}=１２３`],
    ['SQL', () => `${NAME}=' OR '1'='1`],
    ['CRLF', () => `${NAME}=x\r\nFLUSHALL\r\n`],
    ['a glob', () => `${NAME}=*`],
    ['a path', () => `${NAME}=../../../../etc/passwd`],
    ['an escape', () => `${NAME}=\u001b[2J`],
    ['constructor', () => `${NAME}=constructor`],
    ['null as text', () => `${NAME}=null`],
    ['undefined as text', () => `${NAME}=undefined`],
    ['[object Object]', () => `${NAME}=[object Object]`],
    ['an emoji', () => `${NAME}=🍪🍪`],
    ['lone surrogates', () => `${NAME}=${'\ud800'.repeat(49)}`],
  ]
  it.each(headers)('%s', async (_name, header) => {
    const { seen, created, others, calls } = await ask(header)
    expect([seen, others, calls]).toEqual([undefined, true, []])
    expect(created).toMatch(/^__Host-sid=[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32};/)
    expect(String(header({ a: '', b: '' }))).not.toContain(created.slice(11, 60))
  })

  it.each<[string, (ids: { a: string; b: string }) => string]>([
    ['never issued', () => `${'A'.repeat(16)}.${'B'.repeat(32)}`],
    ['the family of one with the secret of another', ({ a, b }) => `${a.slice(0, 16)}${b.slice(16)}`],
    ['the family of one with no secret of any', ({ a }) => `${a.slice(0, 16)}.${'A'.repeat(32)}`],
  ])('an id of the right shape, %s, is never adopted', async (_name, id) => {
    const world = await worldWith({ who: 'a' })
    const second = new Browser()
    await world.visit((session) => void session.set('who', 'b'), { browser: second })
    world.clock.advance(DAY)
    const forged = id({ a: world.browser.id ?? '', b: second.id ?? '' })
    const browser = new Browser(`${NAME}=${forged}`)
    const visited: Visit<unknown> = await world.visit((session) => session.get('who'), { browser })
    expect([visited.result, visited.headers.getSetCookie()]).toEqual([undefined, []])
    await world.visit((session) => void session.set('mine', 1), { browser })
    expect(browser.id).not.toBe(forged)
    expect(browser.id?.slice(0, 16)).not.toBe(forged.slice(0, 16))
    expect([await world.read(), await world.read(second), await world.read(browser)]).toEqual([{ who: 'a' }, { who: 'b' }, { mine: 1 }])
  })
})

describe('cookie headers that carry the session', () => {
  it.each<[string, (ids: { a: string; b: string }) => unknown]>([
    ['without spaces', ({ a }) => `a=1;${NAME}=${a};b=2`],
    ['with spaces and tabs around', ({ a }) => ` \t${NAME}=${a} \t; b=2`],
    ['twice the same', ({ a }) => `${NAME}=${a}; ${NAME}=${a}`],
    ['junk first', ({ a }) => `${NAME}=junk; ${NAME}=${a}`],
    ['junk last', ({ a }) => `${NAME}=${a}; ${NAME}=junk`],
    ['nothing beside it', ({ a }) => `${NAME}=; ${NAME}=${a}`],
    ['after 3800 pairs', ({ a }) => `${'a=1;'.repeat(3800)}${NAME}=${a}`],
    ['before a quoted value', ({ a }) => `${NAME}=${a}; x="a;b"`],
  ])('%s', async (_name, header) => {
    const { seen } = await ask(header)
    expect(seen).toBe('a')
  })
})

describe('stored expiry', () => {
  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['the past', 0],
    ['minus infinity', Number.NEGATIVE_INFINITY],
  ])('%s is expired', async (_name, expiresAt) => {
    const world = await worldWith({ a: 1 })
    const [key, entry] = await world.onlyRow()
    await world.memory.replace({
      key,
      entry: { ...entry, version: 'planted', expiresAt: expiresAt as number },
      expected: entry.version,
      now: 0,
    })
    expect(await world.read()).toEqual({})
  })

  it('in the year 10000 is cut to the absolute lifetime by the next write', async () => {
    const world = await worldWith({ a: 1 })
    const [key, entry] = await world.onlyRow()
    await world.memory.replace({
      key,
      entry: { ...entry, version: 'planted', expiresAt: Date.UTC(10_000, 0) },
      expected: entry.version,
      now: 0,
    })
    await world.visit((session) => void session.set('a', 2))
    expect((await world.row()).expiresAt).toBe(world.clock.at + 14 * DAY)
  })
})
