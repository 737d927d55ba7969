import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/index.ts'

describe('a StoreError', () => {
  it('says what its cause says', () => {
    expect(new StoreError('load', new Error('disk on fire')).message).toBe('The session store failed to load: disk on fire')
    expect(new StoreError('load', 'no').message).toBe('The session store failed to load: no')
  })

  it('says what every one of several causes says, as when no address of a host answers', () => {
    const refused = ['::1:5432', '127.0.0.1:5432'].map((address) => new Error(`connect ECONNREFUSED ${address}`))
    const causes = Object.assign(new AggregateError(refused, 'told by net without a message'), { message: '' })
    expect(new StoreError('load', causes).message).toBe(
      'The session store failed to load: connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432',
    )
    expect(new StoreError('load', new AggregateError([], 'nothing left')).message).toContain('nothing left')
  })
})
