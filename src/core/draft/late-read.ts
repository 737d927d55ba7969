import { HeadersSentError } from '../base/errors.ts'
import { handleOf, type State } from '../changes/state.ts'
import type { DraftContext } from './draft-context.ts'
import type { ResponsePhase } from './response-phase.ts'

/**
 * Called when a session is read for the first time after the start of its response. If the response
 * can still show what is read, a shared cache could serve it to other visitors.
 */
export function checkLateRead({ emit, warnOnce, transport }: DraftContext, state: State, { isStreaming }: ResponsePhase): void {
  if (isStreaming === false) return
  emit({ type: 'late-read', reason: 'no-vary', ...handleOf(state) })
  if (isStreaming === true) throw new HeadersSentError(lateRead(transport.vary))
  warnOnce(lateRead(transport.vary))
}

function lateRead(vary: string): string {
  return `The session was read for the first time after the response had started, so the response has no \`Vary: ${vary}\`, and a cache could serve it to other visitors. Read what you need of the session before the response starts.`
}
