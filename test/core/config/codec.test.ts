import { describe, expect, it } from 'vitest'
import { jsonCodec } from '../../../src/codecs/json.ts'
import { type Codec, createSessions } from '../../../src/index.ts'
import { MemoryStore } from '../../../src/stores/memory.ts'

const create = (codec: Partial<Codec>) => () => createSessions({ store: new MemoryStore(), codec: { ...jsonCodec, ...codec } })

describe('the option `codec`', () => {
  it('may encode the same session differently each time', () => {
    const encode = (texts: ReadonlyMap<string, string>): string => crypto.randomUUID() + jsonCodec.encode(texts)
    expect(create({ encode, decode: (payload) => jsonCodec.decode(payload.slice(36)) })).not.toThrow()
  })

  it.each<[string, Partial<Codec>, string]>([
    [
      'decodes no empty session',
      { decode: (payload) => (payload === '{}' ? undefined : jsonCodec.decode(payload)) },
      '`decode` does not return the empty session',
    ],
    [
      'changes texts',
      { decode: (payload) => new Map([...(jsonCodec.decode(payload) ?? [])].map(([name, text]) => [name, `${text} `])) },
      '`decode` does not return the properties',
    ],
    [
      'loses the order',
      { decode: (payload) => new Map([...(jsonCodec.decode(payload) ?? [])].toReversed()) },
      '`decode` does not return the properties',
    ],
    ['returns an object', { decode: (payload) => JSON.parse(payload) as never }, '`decode` does not return'],
    ['changes values', { parse: String }, '`parse` does not return the value'],
    ['throws', { print: () => JSON.parse('') as never }, 'it threw for a plain value'],
  ])('is refused when it %s', (_, codec, message) => {
    expect(create(codec)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }))
    expect(create(codec)).toThrow(message)
  })
})
