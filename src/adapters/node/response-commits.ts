import type { Delivery } from '../../core/cookie/transport.ts'
import type { StartedResponse } from '../../core/draft/started-response.ts'
import type { Exchange } from '../../core/manager/adapter-port.ts'

/** A commit for which a deferred response waits. */
export interface CommitHook {
  /** The session that is committed at the end of the tick in which the response started. */
  readonly exchange: Pick<Exchange<unknown>, 'commit' | 'delivery' | 'isLate' | 'commitLate' | 'abandon'>
  /**
   * Passes the error of a failed commit to the framework, which responds with an error page. If the
   * head has been sent, its page is discarded and the response is cut off.
   */
  fail(error: unknown): void
}

/** The error of a commit, and the hook of its session. */
export interface FailedCommit {
  readonly error: unknown
  readonly hook: CommitHook | undefined
}

/** The commits of the sessions of one response, one for each manager that is attached to it. */
export class ResponseCommits {
  readonly #hooks: CommitHook[] = []

  add(hook: CommitHook): void {
    this.#hooks.push(hook)
  }

  /** The hook of the manager that was attached first. */
  get first(): CommitHook | undefined {
    return this.#hooks[0]
  }

  /**
   * Whether a session can still be changed, so that the response must not end without its commit.
   */
  get isLate(): boolean {
    return this.#hooks.some(({ exchange }) => exchange.isLate)
  }

  /**
   * Runs all commits, even if one fails. After the last one, calls `onDone` with what the response
   * has to carry, or `onFailed` with the first error.
   */
  commit(
    status: number,
    response: StartedResponse,
    onDone: (deliveries: readonly Delivery[]) => void,
    onFailed: (failure: FailedCommit) => void,
  ): void {
    const deliveries: Delivery[] = []
    let failure: FailedCommit | undefined
    let left = this.#hooks.length
    const done = (): void => {
      left -= 1
      if (left > 0) return
      if (failure === undefined) onDone(deliveries)
      else onFailed(failure)
    }
    for (const [index, hook] of this.#hooks.entries()) {
      const onDelivery = (delivery: Delivery): void => {
        deliveries[index] = delivery
        done()
      }
      const onError = (error: unknown): void => {
        failure ??= { error, hook }
        done()
      }
      hook.exchange.commit(status, response).then(onDelivery, onError)
    }
  }

  /** Commits what was changed since the start of the response. */
  commitLate(onDone: () => void, onFailed: (failure: FailedCommit) => void): void {
    let failure: FailedCommit | undefined
    const commits = this.#hooks.flatMap((hook) => {
      const onError = (error: unknown): void => {
        failure ??= { error, hook }
      }
      return hook.exchange.commitLate()?.catch(onError) ?? []
    })
    if (commits.length === 0) return onDone()
    void Promise.all(commits).then(() => (failure === undefined ? onDone() : onFailed(failure)))
  }

  /** Called when the response closed, after the handlers of `close`, which may save the session. */
  abandonLater(): void {
    setImmediate(() => {
      for (const { exchange } of this.#hooks) void exchange.abandon()
    })
  }

  /** What the response has to carry despite a failure. */
  deliveries(): readonly Delivery[] {
    return this.#hooks.map(({ exchange }) => exchange.delivery())
  }
}
