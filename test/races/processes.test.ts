import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MYSQL } from '../services/mysql/mysql-pools.ts'
import { freshTable, POSTGRES } from '../services/postgres/postgres-pool.ts'
import { freshPrefix, REDIS } from '../services/redis/redis-clients.ts'
import { storeAt } from '../services/store-at.ts'
import { newSqliteFile } from '../stores/sqlite/sqlite-folder.ts'
import { Browser, countRows, sendRequest } from './servers.ts'

interface ServerProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly port: number
  /** Resolves when a request has arrived at the checkpoint. */
  reached(checkpoint: string): Promise<void>
}

async function start(location: string): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('server-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script, location], { stdio: ['pipe', 'pipe', 'inherit'] })
  const checkpoints = new Map<string, PromiseWithResolvers<void>>()
  const checkpoint = (name: string): PromiseWithResolvers<void> => {
    const known = checkpoints.get(name) ?? Promise.withResolvers<void>()
    checkpoints.set(name, known)
    return known
  }
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The server process exited before it listened')))
    createInterface(child.stdout).on('line', (line) => {
      const [kind, value = ''] = line.split(' ')
      if (kind === 'port') resolve(Number(value))
      else checkpoint(value).resolve()
    })
  })
  return { child, port, reached: (name) => checkpoint(name).promise }
}

const LOCATIONS: [name: string, location: string][] = [['SQLite file', newSqliteFile()]]
if (MYSQL !== '') LOCATIONS.push(['table of MariaDB', `${MYSQL}#${freshTable()}`])
if (POSTGRES !== '') LOCATIONS.push(['table of PostgreSQL', `${POSTGRES}#${freshTable()}`])
if (REDIS !== '') LOCATIONS.push(['Redis', `${REDIS}#${freshPrefix()}`])

describe.each(LOCATIONS)('four processes on one %s', (_, location) => {
  const servers: ServerProcess[] = []
  const at = (index: number): ServerProcess => servers[index % 4] as ServerProcess
  const rowsLeft = async (): Promise<number> => {
    const store = storeAt(location)
    const count = await countRows(store)
    await store.close?.()
    return count
  }
  const newBrowser = (index: number, cookie?: string): Browser =>
    new Browser({ request: (target, sent) => sendRequest(at(index).port, target, sent) }, cookie)

  beforeAll(async () => {
    servers.push(...(await Promise.all(Array.from({ length: 4 }, () => start(location)))))
  })

  afterAll(async () => {
    await Promise.all(
      servers.map(async ({ child }) => {
        const exited = once(child, 'exit')
        if (child.pid !== undefined) process.kill(child.pid, 'SIGTERM')
        await exited
      }),
    )
  })

  it('keep all of 50 properties that 50 requests set', async () => {
    const browser = newBrowser(0)
    await browser.get('/set/first/1')
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) => newBrowser(index, browser.cookie).get(`/set/p${index}/${index}`)),
    )
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    for (let index = 0; index < 4; index++)
      expect(Object.keys((await newBrowser(index, browser.cookie).get('/read')).body as object).length).toBe(51)
  })

  it('count 200 concurrent increments', async () => {
    const browser = newBrowser(0)
    await browser.get('/set/n/0')
    const responses = await Promise.all(Array.from({ length: 200 }, (_, index) => newBrowser(index, browser.cookie).get('/increment/n')))
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await newBrowser(3, browser.cookie).get('/read')).body).toEqual({ n: 200 })
  })

  it('return a value to one of 100 claims', async () => {
    const browser = newBrowser(0)
    await browser.get('/set/coupon/"c0upon"')
    const responses = await Promise.all(Array.from({ length: 100 }, (_, index) => newBrowser(index, browser.cookie).get('/claim/coupon')))
    expect(responses.filter(({ body }) => body === 'c0upon').length).toBe(1)
    expect((await newBrowser(1, browser.cookie).get('/read')).body).toEqual({})
  })

  it('keep a property deleted if a request in another process writes another property', async () => {
    const browser = newBrowser(0)
    await browser.get('/set/darkMode/true')
    const slow = newBrowser(1, browser.cookie).get('/push/cart/apple?checkpoint=delete')
    await at(1).reached('delete')
    await newBrowser(2, browser.cookie).get('/delete/darkMode')
    at(1).child.stdin.write('delete\n')
    expect((await slow).status).toBe(200)
    expect((await newBrowser(3, browser.cookie).get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('do not restore a flushed session: a request that runs in another process fails with 409', async () => {
    const before = await rowsLeft()
    const browser = newBrowser(0)
    await browser.get('/set/a/1')
    const cookie = browser.cookie
    const slow = newBrowser(1, cookie).get('/set/b/2?checkpoint=flush')
    await at(1).reached('flush')
    await newBrowser(2, cookie).get('/flush')
    at(1).child.stdin.write('flush\n')
    expect(await slow).toMatchObject({ status: 409, setCookies: [] })
    for (let index = 0; index < 4; index++) expect((await newBrowser(index, cookie).get('/read')).body).toEqual({})
    expect(await rowsLeft()).toBe(before)
  })

  it('end a session by a flush although a login in another process committed before it', async () => {
    const browser = newBrowser(0)
    await browser.get('/set/a/1')
    const slow = newBrowser(1, browser.cookie).get('/flush?checkpoint=login')
    await at(1).reached('login')
    await browser.get('/login/7')
    at(1).child.stdin.write('login\n')
    expect((await slow).status).toBe(200)
    expect((await browser.get('/read')).body).toEqual({})
  })
})
