import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { NOW } from '../../../src/testing/sample.ts'
import { newSqliteFile } from './sqlite-folder.ts'

describe.each(['normal', 'full'])('several processes on one new file, durability %s', (durability) => {
  it('create it at the same time and lose no compare-and-swap', async () => {
    const path = newSqliteFile()
    const contenders = Array.from({ length: 4 }, () => contender('count', path, durability, '50'))
    await Promise.all(contenders.map(({ lines }) => lines.next()))
    for (const { child } of contenders) child.stdin.write('go\n')
    const codes = await Promise.all(contenders.map(({ exited }) => exited))
    expect(codes).toEqual([0, 0, 0, 0])
    expect((await new SqliteStore(path).load({ key: 'counter', now: NOW }))?.payload).toBe('200')
  })

  it('keep acknowledged writes when one is killed', async () => {
    const path = newSqliteFile()
    const { child, lines, exited } = contender('write', path, durability)
    await lines.next()
    child.stdin.write('go\n')
    let last = ''
    for (let count = 0; count < 40; count += 1) last = (await lines.next()).value ?? last
    child.kill('SIGKILL')
    await exited
    for await (const line of { [Symbol.asyncIterator]: () => lines }) last = line
    const store = new SqliteStore(path)
    const keys = Array.from({ length: Number(last) + 1 }, (_, index) => [0, 1, 2].map((part) => `${index}.${part}`)).flat()
    const missing = await Promise.all(keys.map(async (key) => ((await store.load({ key, now: NOW })) === undefined ? key : undefined)))
    expect(missing.filter((key) => key !== undefined)).toEqual([])
  })
})

interface Contender {
  readonly child: ChildProcessByStdio<Writable, Readable, null>
  readonly lines: AsyncIterator<string>
  readonly exited: Promise<number | null>
}

function contender(...args: string[]): Contender {
  const script = fileURLToPath(new URL('sqlite-contender.ts', import.meta.url))
  const child = spawn(process.execPath, ['--no-warnings', script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator](), exited }
}
