import { HeadersSentError } from '../base/errors.ts'
import type { ResponsePhase } from './response-phase.ts'

export const IN_UPDATE =
  'The function of update() changed the session that it is called for. It may run again on a newer state, so it must use its argument only. Call the other verb before or after update().'

export const UNLOADED = 'The session is not loaded. With `lazy: true`, call `await session.load()` before you read from it.'

/** The error of a change when the session can only be read. */
export function committedError({ savesOnEnd }: ResponsePhase): HeadersSentError {
  return new HeadersSentError(
    savesOnEnd
      ? 'The response has ended, so the session is committed and can only be read. Change it before the response ends.'
      : 'The response has started, so the session is committed and can only be read. To save changes that are made while a response is streamed, set the option `saveOnEnd`, or open the session with `sessions.load(id)` and call `save()`.',
  )
}
