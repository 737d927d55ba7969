import { monotonic } from '../../core/base/clock.ts'
import { MINUTE } from '../../core/base/duration.ts'
import type { ClearExpiredOptions, Progress } from '../../core/store/store.ts'

/**
 * Deletes a batch of at most `limit` rows and returns their number. The result is not used after
 * `deadline` (see `Operation`).
 */
export type DeleteBatch = (limit: number, deadline: number) => number | Promise<number>

/**
 * Performs `clearExpired`, batch by batch, until a batch is not full. The deadline of a batch is
 * one minute, after which its connection counts as lost.
 */
export async function* deleteInBatches(
  { batch = 1000, signal }: Pick<ClearExpiredOptions, 'batch' | 'signal'>,
  deleteBatch: DeleteBatch,
): AsyncGenerator<Progress, void, undefined> {
  const limit = Math.max(1, batch)
  let deleted = 0
  while (signal?.aborted !== true) {
    const started = monotonic()
    const count = await deleteBatch(limit, started + MINUTE)
    const duration = monotonic() - started
    deleted += count
    yield { deleted }
    if (count < limit) return
    await throttle(duration)
  }
}

const MAX_PAUSE = 1000

/**
 * Waits between two batches as long as the last one took, so that clearing uses at most half of the
 * time of the database and, with synchronous databases, of the process.
 *
 * @param duration milliseconds
 */
export function throttle(duration: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(duration, MAX_PAUSE))
  })
}
