import type { Intent } from '../changes/intent.ts'
import type { Draft } from '../draft/draft.ts'
import type { CommitResult, Job } from './job.ts'
import type { CommitQueue } from './queue.ts'

/** Writes to a session that exists. `own`: the intents of the draft that the job contains. */
export function writeChanges(
  queue: CommitQueue,
  draft: Draft,
  job: Job & { readonly generation: number },
  own: readonly Intent[],
): Promise<CommitResult> {
  return queue.commit(job).then((done) => {
    draft.onCommitted(own, done, job.generation)
    return done
  })
}
