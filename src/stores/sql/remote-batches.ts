import type { RemoteResult } from './remote-database.ts'
import type { SqlStatement } from './sql-statements.ts'
import type { SqlValue } from './sql-store.ts'

/**
 * The limits of one batch. A larger one would delay other statements and use memory of the server.
 */
const MAX_STATEMENTS = 250
const MAX_TEXT = 1 << 20

/** A statement that waits for the end of the turn. */
export interface QueuedStatement {
  readonly key: SqlValue
  readonly statement: SqlStatement
  readonly values: SqlValue[]
  readonly deadline: number
  readonly resolve: (result: RemoteResult) => void
  readonly reject: (error: unknown) => void
}

/**
 * Returns the first statement of each key, because no batch changes a row twice, and passes the
 * others to `onLater`.
 */
export function firstOfKeys(all: readonly QueuedStatement[], onLater: (queued: QueuedStatement) => void): QueuedStatement[] {
  const keys = new Set<SqlValue>()
  return all.filter((queued) => {
    const isFirst = !keys.has(queued.key)
    keys.add(queued.key)
    if (!isFirst) onLater(queued)
    return isFirst
  })
}

/** Splits the statements into batches within the limits. */
export function toBatches(all: readonly QueuedStatement[]): QueuedStatement[][] {
  const batches: QueuedStatement[][] = []
  let text = 0
  for (const queued of all) {
    const batch = batches.at(-1)
    text += sizeOf(queued)
    if (batch !== undefined && batch.length < MAX_STATEMENTS && text <= MAX_TEXT) batch.push(queued)
    else {
      batches.push([queued])
      text = sizeOf(queued)
    }
  }
  return batches
}

function sizeOf({ values }: QueuedStatement): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0)
}
