import { monotonic } from '../../core/base/clock.ts'
import type { ClearExpiredOptions, Progress } from '../../core/store/store.ts'
import { throttle } from './throttle.ts'

/** A batch that takes longer than a minute has lost its connection. */
const LONGEST = 60_000

/** Deletes a batch of `most` rows, and answers how many there were. Nobody waits for that after `until`, see `Patience`. */
export type Batch = (most: number, deadline: number) => number | Promise<number>

/** Does `clearExpired`, batch by batch, until one of them is not full. */
export async function* deleteInBatches(
  { batch = 1000, signal }: Pick<ClearExpiredOptions, 'batch' | 'signal'>,
  clear: Batch,
): AsyncGenerator<Progress, void, undefined> {
  const most = Math.max(1, batch)
  let deleted = 0
  while (signal?.aborted !== true) {
    const begun = monotonic()
    const count = await clear(most, begun + LONGEST)
    const took = monotonic() - begun
    deleted += count
    yield { deleted }
    if (count < most) return
    await throttle(took)
  }
}
