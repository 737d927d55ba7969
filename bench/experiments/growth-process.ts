// Measures a load and a replace in stores of several sizes. Takes its options as JSON in the first
// argument and returns the results over IPC.
import { randomInt } from 'node:crypto'
import { median } from 'simple-statistics'
import type { Entry, Store } from 'sojourn'
import type { StoreLocation, StoreName } from '../stores/connections.ts'
import { sojournStore } from '../stores/sojourn-store.ts'
import type { GrowthOptions, GrowthPoint } from './growth.ts'

const CONCURRENCY = 64
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

const { store, location, sizes } = JSON.parse(process.argv[2] ?? '') as GrowthOptions
const filled = await Promise.all(sizes.map(async (size) => ({ size, store: await fill(store, location, size) })))
const times = new Map<number, number[]>(sizes.map((size) => [size, []]))
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const each of filled) {
    const micros = await measure(each.store, each.size)
    if (round > 0) times.get(each.size)?.push(micros)
  }
}
process.send?.(sizes.map((sessions): GrowthPoint => ({ store, sessions, micros: median(times.get(sessions) ?? []) })))
process.on('disconnect', () => process.exit())

async function fill(name: StoreName, options: Omit<StoreLocation, 'name'>, size: number): Promise<Store> {
  const opened = await sojournStore(name, { ...options, name: `growth_${name}_${size}` })
  for (let from = 0; from < size; from += 500) {
    const keys = Array.from({ length: Math.min(500, size - from) }, (_, index) => keyOf(from + index))
    await Promise.all(keys.map((key) => opened.create({ key, entry: ENTRY })))
  }
  return opened
}

/**
 * Returns the microseconds for one load and one replace of a random session, with several pairs
 * running concurrently.
 */
async function measure(opened: Store, size: number): Promise<number> {
  const begin = performance.now()
  for (let done = 0; done < PAIRS; done += CONCURRENCY) {
    await Promise.all(Array.from({ length: CONCURRENCY }, () => loadAndReplace(opened, keyOf(randomInt(size)))))
  }
  return ((performance.now() - begin) * 1000) / PAIRS
}

/** If two concurrent pairs pick the same session, one replace is correctly refused. */
async function loadAndReplace(opened: Store, key: string): Promise<void> {
  const entry = await opened.load({ key, now: Date.now() })
  if (entry === undefined) throw new Error(`growth: the session ${key} is missing`)
  await opened.replace({ key, entry: { ...entry, version: `v${randomInt(2 ** 40)}` }, expected: entry.version, now: Date.now() })
}

function keyOf(index: number): string {
  return `key-${index}`
}
