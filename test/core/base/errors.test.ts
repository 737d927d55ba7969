import { describe, expect, it } from 'vitest'
import { BusyError, CodecError, ConfigError, SessionEndedError, StoreError } from '../../../src/index.ts'

describe('every error', () => {
  it('has status, statusCode and expose, as the errors of http-errors, so that frameworks show no message of a 5xx', () => {
    const errors = [
      new SessionEndedError('ended'),
      new StoreError('load', 'no'),
      new BusyError(),
      new ConfigError('no'),
      new CodecError('a', 'no'),
    ]
    expect(errors.map(({ status, statusCode, expose }) => [status, statusCode, expose])).toEqual([
      [409, 409, true],
      [503, 503, false],
      [503, 503, false],
      [500, 500, false],
      [500, 500, false],
    ])
  })
})

describe('StoreError', () => {
  it('includes the message of its cause', () => {
    expect(new StoreError('load', new Error('disk on fire')).message).toBe('The session store failed to load: disk on fire')
    expect(new StoreError('load', 'no').message).toBe('The session store failed to load: no')
  })

  it('includes the messages of all causes, such as those of a host with several addresses', () => {
    const refused = ['::1:5432', '127.0.0.1:5432'].map((address) => new Error(`connect ECONNREFUSED ${address}`))
    const causes = Object.assign(new AggregateError(refused, 'node:net sets no message'), { message: '' })
    expect(new StoreError('load', causes).message).toBe(
      'The session store failed to load: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
    )
    expect(new StoreError('load', new AggregateError([], 'nothing left')).message).toContain('nothing left')
  })
})
