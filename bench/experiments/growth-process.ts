// What a load and a replace cost while ever more sessions are in the store. Told as JSON in the first argument; answers over IPC.
import { randomInt } from 'node:crypto'
import { median } from 'simple-statistics'
import type { Entry, Store } from 'sojourn'
import type { Place, StoreName } from '../servers/resources.ts'
import { sojournStore } from '../servers/sojourn-store.ts'
import type { Grown, GrowthOrder } from './growth.ts'

const TOGETHER = 64
const PAIRS = 4096
const ROUNDS = 5
const ENTRY: Entry = {
  payload: JSON.stringify({ text: 'x'.repeat(300) }),
  proof: 'p'.repeat(43),
  idAt: Date.now(),
  version: 'v0',
  commits: '',
  createdAt: Date.now(),
  seenAt: Date.now(),
  expiresAt: Date.now() + 86_400_000,
}

const { store, place, sizes } = JSON.parse(process.argv[2] ?? '') as GrowthOrder
const filled = await Promise.all(sizes.map(async (size) => ({ size, store: await fill(store, place, size) })))
const times = new Map<number, number[]>(sizes.map((size) => [size, []]))
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const each of filled) {
    const micros = await timed(each.store, each.size)
    if (round > 0) times.get(each.size)?.push(micros)
  }
}
process.send?.(sizes.map((sessions): Grown => ({ store, sessions, micros: median(times.get(sessions) ?? []) })))
process.on('disconnect', () => process.exit())

async function fill(name: StoreName, given: Omit<Place, 'name'>, size: number): Promise<Store> {
  const made = await sojournStore(name, { ...given, name: `growth_${name}_${size}` })
  for (let from = 0; from < size; from += 500) {
    const keys = Array.from({ length: Math.min(500, size - from) }, (_, index) => keyOf(from + index))
    await Promise.all(keys.map((key) => made.create({ key, entry: ENTRY })))
  }
  return made
}

/** Microseconds for each of many loads and replaces of sessions drawn at random, some of them at the same time. */
async function timed(made: Store, size: number): Promise<number> {
  const begin = performance.now()
  for (let done = 0; done < PAIRS; done += TOGETHER) {
    await Promise.all(Array.from({ length: TOGETHER }, () => loadAndReplace(made, keyOf(randomInt(size)))))
  }
  return ((performance.now() - begin) * 1000) / PAIRS
}

/** Two of those at the same time may have drawn the same session; then one of them is refused, as it should be. */
async function loadAndReplace(made: Store, key: string): Promise<void> {
  const entry = await made.load({ key, now: Date.now() })
  if (entry === undefined) throw new Error(`The session ${key} is lost`)
  await made.replace({ key, entry: { ...entry, version: `v${randomInt(2 ** 40)}` }, expected: entry.version, now: Date.now() })
}

function keyOf(index: number): string {
  return `key-${index}`
}
