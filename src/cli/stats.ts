import type { Admin, Bar, Stats } from '../admin/admin.ts'
import { EXIT } from './exit-code.ts'
import { formatAge, formatSize, printJson, printTable } from './output.ts'
import { createRowProgress } from './progress.ts'

const SHOWN_PROPERTIES = 20

/** Prints statistics of all sessions. */
export async function stats(admin: Admin, { json = false }: { readonly json?: boolean }): Promise<number> {
  const progress = await createRowProgress()
  let result: Stats
  try {
    result = await admin.stats({ onProgress: progress.update })
  } finally {
    progress.stop()
  }
  if (json) printJson(result)
  else await print(result)
  return EXIT.done
}

async function print(result: Stats): Promise<void> {
  const { alive, expired, loggedIn, unreadable, size, writes, sizes, ages, properties, largest, users } = result
  await printTable(
    ['sessions', ''],
    [
      ['alive', String(alive)],
      ['logged in', String(loggedIn)],
      ['unreadable', String(unreadable)],
      ['expired, not cleared yet', String(expired)],
      ['size of all', formatSize(size)],
      ['size of one, mean', formatSize(alive === 0 ? 0 : Math.round(size / alive))],
      ['writes of one, mean', alive === 0 ? '0' : (writes / alive).toFixed(1)],
    ],
  )
  await printTable(['size up to', 'sessions'], toRows(sizes, formatSize))
  await printTable(['age up to', 'sessions'], toRows(ages, formatAge))
  if (properties.length > 0)
    await printTable(
      ['property', 'sessions', 'size of all', 'largest'],
      properties
        .slice(0, SHOWN_PROPERTIES)
        .map((property) => [property.name, String(property.sessions), formatSize(property.size), formatSize(property.largest)]),
    )
  if (largest.length > 0)
    await printTable(
      ['largest sessions', 'user', 'size'],
      largest.map(({ handle, userId, size: each }) => [handle, userId ?? '', formatSize(each)]),
    )
  if (users.length > 0)
    await printTable(
      ['users with most sessions', 'sessions'],
      users.map(({ userId, sessions }) => [userId, String(sessions)]),
    )
}

function toRows(bars: readonly Bar[], format: (limit: number) => string): string[][] {
  return bars.map(({ upTo, sessions }) => [Number.isFinite(upTo) ? format(upTo) : 'more', String(sessions)])
}
