// A child process of sqlite-processes.test.ts: `sqlite-contender.ts <count | write> <file> <durability> <times>`.
import { once } from 'node:events'
import { SqliteStore } from '../../../src/stores/sqlite.ts'
import { fresh, NOW, sampleEntry } from '../../../src/testing/sample.ts'

const [work, database = '', durability, times] = process.argv.slice(2)
const store = new SqliteStore({ database, durability: durability as 'normal' | 'full', busyTimeout: '10s' })

console.log('ready')
await once(process.stdin, 'data')
await (work === 'count' ? count(Number(times)) : write())
await store.close()
process.exit()

/** Increments the payload of one session, one compare-and-swap after another. */
async function count(rounds: number): Promise<void> {
  await store.create({ key: 'counter', entry: sampleEntry({ payload: '0' }) })
  for (let done = 0; done < rounds; ) {
    const current = await store.load({ key: 'counter', now: NOW })
    if (current === undefined) throw new Error('the counter is gone')
    const next = { ...current, payload: String(Number(current.payload) + 1), version: fresh(`version-${process.pid}`) }
    if ((await store.replace({ key: 'counter', entry: next, expected: current.version, now: NOW })).ok) done += 1
  }
}

/** Creates sessions until the process is killed. Prints each key after its create resolved. */
async function write(): Promise<never> {
  for (let index = 0; ; index += 1) {
    await Promise.all([0, 1, 2].map((part) => store.create({ key: `${index}.${part}`, entry: sampleEntry() })))
    console.log(String(index))
    await new Promise((resolve) => setImmediate(resolve))
  }
}
