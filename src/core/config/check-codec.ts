import type { Codec } from '../../codecs/codec.ts'
import { ConfigError } from '../base/errors.ts'
import { isMap, messageOf } from '../base/realms.ts'

/** Plain values, and names that a codec with its own syntax may have to escape. */
const SAMPLES: readonly (readonly [name: string, value: unknown])[] = [
  ['_user', '"ada\'\n\u00e9'],
  ['visits', 7],
  ['is new', true],
  ['cart\n"', ['bread', { count: 2 }]],
]

/**
 * Throws a `ConfigError` unless the codec returns its input, because a stored session that cannot
 * be read logs its visitor out without an error.
 */
export function checkCodec(codec: Codec): void {
  const refuse = (problem: string, error?: unknown): never => {
    const options = error === undefined ? {} : { cause: error }
    throw new ConfigError(`Option \`codec\`: ${problem}. Every value and every session must be read as it was written.`, options)
  }
  let problem: string | undefined
  try {
    problem = firstProblem(codec)
  } catch (error) {
    refuse(`it threw for a plain value: ${messageOf(error)}`, error)
  }
  if (problem !== undefined) refuse(problem)
}

function firstProblem(codec: Codec): string | undefined {
  const texts = new Map(SAMPLES.map(([name, value]) => [name, codec.print(value)]))
  for (const [name, value] of SAMPLES)
    if (JSON.stringify(codec.parse(texts.get(name) ?? '')) !== JSON.stringify(value))
      return `\`parse\` does not return the value ${JSON.stringify(value)} that \`print\` was given`
  const isKept = (given: ReadonlyMap<string, string>): boolean => {
    const decoded = codec.decode(codec.encode(given))
    return isMap(decoded) && JSON.stringify([...decoded]) === JSON.stringify([...given])
  }
  if (!isKept(new Map())) return '`decode` does not return the empty session that `encode` was given'
  return isKept(texts) ? undefined : '`decode` does not return the properties that `encode` was given'
}
