import { STATUS_CODES } from 'node:http'
import { type ArgumentsHost, Catch, HttpException, Logger } from '@nestjs/common'
import { BaseExceptionFilter } from '@nestjs/core'
import { SessionError } from '../../core/base/errors.ts'
import { errorStatus } from '../shared/error-status.ts'

/**
 * Responds with the status of an error of this package. NestJS 12 would do so too, but it logs a
 * missing login with a stack trace, and 11.2.7 and 12.2.0 send the message of every error.
 */
export class SessionErrorFilter extends BaseExceptionFilter<SessionError> {
  readonly #logger: Logger = new Logger('Sessions')

  override catch(error: SessionError, host: ArgumentsHost): void {
    const exception = toHttpException(error)
    if (host.getType() !== 'http') throw exception
    if (errorStatus(error) >= 500) this.#logger.error(error)
    super.catch(exception, host)
  }
}

Catch(SessionError)(SessionErrorFilter)

/**
 * The message of an error with status 500 or above names the database, so that it is replaced by
 * the status text. An object, because @nestjs/apollo makes a code of the status of no other
 * exception.
 */
function toHttpException(error: SessionError): HttpException {
  const status = errorStatus(error)
  const message = error.expose ? error.message : (STATUS_CODES[status] ?? 'Error')
  return new HttpException({ statusCode: status, message }, status, { cause: error })
}
