import type { GrowthPoint } from '../experiments/growth.ts'
import type { ImportCost } from '../experiments/imports.ts'
import type { MemoryCost } from '../experiments/memory.ts'
import { table } from './tables.ts'

export function growthTable(grown: readonly GrowthPoint[]): string {
  const sizes = [...new Set(grown.map(({ sessions }) => sessions))]
  const rows = Object.entries(Object.groupBy(grown, ({ store }) => store)).map(([store, cells]) => {
    const micros = sizes.map((size) => cells.find(({ sessions }) => sessions === size)?.micros ?? Number.NaN)
    return [store, ...micros.map((value) => value.toFixed(1)), ((micros.at(-1) ?? Number.NaN) / (micros[0] ?? Number.NaN)).toFixed(2)]
  })
  return table([['store', ...sizes.map((size) => size.toLocaleString('en')), 'last / first'], ...rows], 1)
}

export function memoryTable(weights: readonly MemoryCost[]): string {
  const rows = weights.map(({ store, sessions, bytes }) => [store, sessions.toLocaleString('en'), Math.round(bytes).toLocaleString('en')])
  return table([['memory store of', 'sessions', 'bytes per session'], ...rows], 1)
}

export function importsTable(loadings: readonly ImportCost[]): string {
  const rows = loadings.map(({ name, milliseconds, files, bytes }) => [
    `\`${name}\``,
    milliseconds.toFixed(1),
    String(files),
    (bytes / 1024).toFixed(0),
  ])
  return table([['import', 'ms', 'files', 'KiB'], ...rows], 1)
}
