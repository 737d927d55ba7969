import type { RemoteAnswer } from './remote-database.ts'
import type { SqlStatement } from './sql-statements.ts'
import type { SqlValue } from './sql-store.ts'

/** The most of one statement. Beyond that it is others who wait for it, and the server's memory. */
const MOST_TOGETHER = 250
const MOST_TEXT = 1 << 20

/** One that waits for the end of the turn. */
export interface Waiting {
  readonly key: SqlValue
  readonly statement: SqlStatement
  readonly values: SqlValue[]
  /** Nobody waits longer. */
  readonly deadline: number
  readonly resolve: (answer: RemoteAnswer) => void
  readonly reject: (error: unknown) => void
}

/** The first of each key: no statement changes a row twice. */
export function firstOfKeys(all: readonly Waiting[], later: (waiting: Waiting) => void): Waiting[] {
  const keys = new Set<SqlValue>()
  const first: Waiting[] = []
  for (const waiting of all) {
    if (keys.has(waiting.key)) later(waiting)
    else first.push(waiting)
    keys.add(waiting.key)
  }
  return first
}

/** Cut into what one statement carries. */
export function groups(all: readonly Waiting[]): Waiting[][] {
  const made: Waiting[][] = []
  let [room, text] = [0, 0]
  for (const waiting of all) {
    text -= sizeOf(waiting)
    if (room === 0 || text < 0) {
      made.push([])
      room = MOST_TOGETHER
      text = MOST_TEXT - sizeOf(waiting)
    }
    made.at(-1)?.push(waiting)
    room -= 1
  }
  return made
}

function sizeOf({ values }: Waiting): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0)
}
