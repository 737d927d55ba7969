import { describe, expect, it } from 'vitest'
import { incoming } from '../../helpers/incoming.ts'
import { appWith, Browser, DAY, type RequestResult, type TestApp } from '../fixture.ts'
import { ScriptedStore } from '../scripted-store.ts'

const NAME = '__Host-sid'

/** Creates two sessions and reads the first with a request that has this `Cookie` header. */
async function openWithHeader(
  header: (ids: { a: string; b: string }) => unknown,
): Promise<{ app: TestApp; seen: unknown; created: string; others: boolean; calls: string[] }> {
  const app = await appWith({ who: 'a' }, {}, (memory) => new ScriptedStore(memory))
  const second = new Browser()
  await app.request((session) => void session.set('who', 'b'), { browser: second })
  const [ids, rows] = [{ a: app.browser.id ?? '', b: second.id ?? '' }, await app.rows()]
  const cookie = header(ids) as string
  const store = app.store as ScriptedStore
  store.calls.length = 0
  const reader = await app.sessions.open(incoming(cookie))
  const seen = reader.get('who')
  const readHeaders = await app.sessions.commit(reader, { status: 200 })
  expect(readHeaders.getSetCookie()).toEqual([])
  const calls = [...store.calls]
  const unchanged = JSON.stringify(await app.rows()) === JSON.stringify(rows)
  const writer = await app.sessions.open(incoming(cookie))
  writer.set('mine', 1)
  const created = (await app.sessions.commit(writer, { status: 200 })).getSetCookie()[0] ?? ''
  expect(Object.keys(Object.prototype)).toEqual([])
  return { app, seen, created, others: unchanged, calls }
}

describe('cookie headers without a valid session', () => {
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
    [
      'five ids',
      ({ a, b }) =>
        ['A', 'B', 'C'].reduce(
          (header, letter) => `${header}; ${NAME}=${letter.repeat(16)}.${letter.repeat(32)}`,
          `${NAME}=${a}; ${NAME}=${b}`,
        ),
    ],
    ['[object Object]', () => `${NAME}=[object Object]`],
    ['an emoji', () => `${NAME}=🍪🍪`],
    ['lone surrogates', () => `${NAME}=${'\ud800'.repeat(49)}`],
  ]
  it.each(headers)('%s: read nothing and are never used as an id', async (_name, header) => {
    const { seen, created, others, calls } = await openWithHeader(header)
    expect([seen, others, calls]).toEqual([undefined, true, []])
    expect(created).toMatch(/^__Host-sid=[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{32};/)
    expect(String(header({ a: '', b: '' }))).not.toContain(created.slice(11, 60))
  })

  it.each<[string, (ids: { a: string; b: string }) => string]>([
    ['an unknown id', () => `${'A'.repeat(16)}.${'B'.repeat(32)}`],
    ['the family of one session with the secret of another', ({ a, b }) => `${a.slice(0, 16)}${b.slice(16)}`],
    ['the family of one session with an unknown secret', ({ a }) => `${a.slice(0, 16)}.${'A'.repeat(32)}`],
  ])('%s: a well-formed id is never adopted', async (_name, id) => {
    const app = await appWith({ who: 'a' })
    const second = new Browser()
    await app.request((session) => void session.set('who', 'b'), { browser: second })
    app.clock.advance(DAY)
    const forged = id({ a: app.browser.id ?? '', b: second.id ?? '' })
    const browser = new Browser(`${NAME}=${forged}`)
    const visited: RequestResult<unknown> = await app.request((session) => session.get('who'), { browser })
    expect([visited.result, visited.headers.getSetCookie()]).toEqual([undefined, []])
    await app.request((session) => void session.set('mine', 1), { browser })
    expect(browser.id).not.toBe(forged)
    expect(browser.id?.slice(0, 16)).not.toBe(forged.slice(0, 16))
    expect([await app.read(), await app.read(second), await app.read(browser)]).toEqual([{ who: 'a' }, { who: 'b' }, { mine: 1 }])
  })
})

describe('cookie headers with a valid session', () => {
  it.each<[string, (ids: { a: string; b: string }) => unknown]>([
    ['without spaces', ({ a }) => `a=1;${NAME}=${a};b=2`],
    ['with spaces and tabs around', ({ a }) => ` \t${NAME}=${a} \t; b=2`],
    ['twice the same', ({ a }) => `${NAME}=${a}; ${NAME}=${a}`],
    ['junk first', ({ a }) => `${NAME}=junk; ${NAME}=${a}`],
    ['junk last', ({ a }) => `${NAME}=${a}; ${NAME}=junk`],
    ['an empty one first', ({ a }) => `${NAME}=; ${NAME}=${a}`],
    ['after 3800 pairs', ({ a }) => `${'a=1;'.repeat(3800)}${NAME}=${a}`],
    ['before a quoted value', ({ a }) => `${NAME}=${a}; x="a;b"`],
  ])('%s', async (_name, header) => {
    const { seen } = await openWithHeader(header)
    expect(seen).toBe('a')
  })
})

describe('a stored expiry', () => {
  it.each<[string, unknown]>([
    ['NaN', Number.NaN],
    ['the past', 0],
    ['minus infinity', Number.NEGATIVE_INFINITY],
  ])('of %s is expired', async (_name, expiresAt) => {
    const app = await appWith({ a: 1 })
    const [key, entry] = await app.onlyRow()
    await app.memory.replace({
      key,
      entry: { ...entry, version: 'by-hand', expiresAt: expiresAt as number },
      expected: entry.version,
      now: 0,
    })
    expect(await app.read()).toEqual({})
  })

  it('in the year 10000 is limited to the absolute lifetime by the next write', async () => {
    const app = await appWith({ a: 1 })
    const [key, entry] = await app.onlyRow()
    await app.memory.replace({
      key,
      entry: { ...entry, version: 'by-hand', expiresAt: Date.UTC(10_000, 0) },
      expected: entry.version,
      now: 0,
    })
    await app.request((session) => void session.set('a', 2))
    expect((await app.row()).expiresAt).toBe(app.clock.at + 14 * DAY)
  })
})
