import { HeadersSentError } from '../base/errors.ts'

export const IN_UPDATE =
  'The function of update() changed the session that it is called for. It may run again on a newer state, so it must use its argument only. Call the other verb before or after update().'

export const UNLOADED = 'The session is not loaded. With `lazy: true`, call `await session.load()` before you read from it.'

export function committedError(): HeadersSentError {
  return new HeadersSentError(
    'The response has started, so the session is committed and can only be read. In a long stream, open the session with `sessions.load(id)` and call `save()`.',
  )
}
