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
import { sendRequest, countRows, Browser } from './checkpoints.ts'

interface ServerProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly port: number
  /** Resolves when a request has come to the gate. */
  reached(gate: string): Promise<void>
}

async function start(place: string): Promise<ServerProcess> {
  const script = fileURLToPath(new URL('server-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script, place], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const gate = (name: string): PromiseWithResolvers<void> => {
    const known = gates.get(name) ?? Promise.withResolvers<void>()
    gates.set(name, known)
    return known
  }
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', () => reject(new Error('The server ended')))
    createInterface(child.stdout).on('line', (line) => {
      const [what, value = ''] = line.split(' ')
      if (what === 'port') resolve(Number(value))
      else gate(value).resolve()
    })
  })
  return { child, port, reached: (name) => gate(name).promise }
}

const PLACES: [name: string, place: string][] = [['SQLite file', newSqliteFile()]]
if (MYSQL !== '') PLACES.push(['table of MariaDB', `${MYSQL}#${freshTable()}`])
if (POSTGRES !== '') PLACES.push(['table of PostgreSQL', `${POSTGRES}#${freshTable()}`])
if (REDIS !== '') PLACES.push(['Redis', `${REDIS}#${freshPrefix()}`])

describe.each(PLACES)('four processes on one %s', (_, place) => {
  const servers: ServerProcess[] = []
  const at = (index: number): ServerProcess => servers[index % 4] as ServerProcess
  const rowsLeft = async (): Promise<number> => {
    const store = storeAt(place)
    const count = await countRows(store)
    await store.close?.()
    return count
  }
  const through = (index: number, cookie?: string): Browser =>
    new Browser({ request: (target, sent) => sendRequest(at(index).port, target, sent) }, cookie)

  beforeAll(async () => {
    servers.push(...(await Promise.all(Array.from({ length: 4 }, () => start(place)))))
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

  it('50 requests that set 50 properties leave 50', async () => {
    const visitor = through(0)
    await visitor.get('/set/first/1')
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => through(index, visitor.cookie).get(`/set/p${index}/${index}`)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    for (let index = 0; index < 4; index++)
      expect(Object.keys((await through(index, visitor.cookie).get('/read')).body as object).length).toBe(51)
  })

  it('200 increments give 200', async () => {
    const visitor = through(0)
    await visitor.get('/set/n/0')
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => through(index, visitor.cookie).get('/increment/n')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await through(3, visitor.cookie).get('/read')).body).toEqual({ n: 200 })
  })

  it('100 claims of one value yield it once', async () => {
    const visitor = through(0)
    await visitor.get('/set/coupon/"c0upon"')
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => through(index, visitor.cookie).get('/claim/coupon')))
    expect(answers.filter(({ body }) => body === 'c0upon').length).toBe(1)
    expect((await through(1, visitor.cookie).get('/read')).body).toEqual({})
  })

  it('a deleted property stays deleted when a request in another process writes another property', async () => {
    const visitor = through(0)
    await visitor.get('/set/darkMode/true')
    const slow = through(1, visitor.cookie).get('/push/cart/apple?gate=delete')
    await at(1).reached('delete')
    await through(2, visitor.cookie).get('/delete/darkMode')
    at(1).child.stdin.write('delete\n')
    expect((await slow).status).toBe(200)
    expect((await through(3, visitor.cookie).get('/read')).body).toEqual({ cart: ['apple'] })
  })

  it('a session flushed in one process while a request runs in another does not come back, and that request is told so', async () => {
    const before = await rowsLeft()
    const visitor = through(0)
    await visitor.get('/set/a/1')
    const cookie = visitor.cookie
    const slow = through(1, cookie).get('/set/b/2?gate=flush')
    await at(1).reached('flush')
    await through(2, cookie).get('/flush')
    at(1).child.stdin.write('flush\n')
    expect(await slow).toMatchObject({ status: 409, setCookies: [] })
    for (let index = 0; index < 4; index++) expect((await through(index, cookie).get('/read')).body).toEqual({})
    expect(await rowsLeft()).toBe(before)
  })

  it('a flush in one process ends the session though a login in another committed before it', async () => {
    const visitor = through(0)
    await visitor.get('/set/a/1')
    const slow = through(1, visitor.cookie).get('/flush?gate=login')
    await at(1).reached('login')
    await visitor.get('/login/7')
    at(1).child.stdin.write('login\n')
    expect((await slow).status).toBe(200)
    expect((await visitor.get('/read')).body).toEqual({})
  })
})
