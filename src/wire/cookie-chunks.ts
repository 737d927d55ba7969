import { cookieValues } from './cookie-header.ts'

/**
 * A value that is too long for one cookie is split into chunks: `sid`, `sid.1`, `sid.2` and so on.
 * The first chunk ends with the number of further chunks, for example `….2`, so that chunks left
 * over from a longer value are never read as a part of a shorter one.
 */
const COUNT_SUFFIX = /^\.[1-9]$/
const COUNT_SUFFIX_LENGTH = 2
const CHUNK = /^[\w-]+$/
const MAX_FURTHER_CHUNKS = 9
/**
 * Limits the candidates, because each is reassembled and decrypted. Two first chunks can be a
 * leftover; thousands are an attack.
 */
const MAX_COMBINED = 4

/**
 * The cookies that hold a value of the characters `A-Z a-z 0-9 . - _`, each with at most
 * `maxLength` characters of it. Throws `RangeError` if the value needs more than ten.
 */
export function createChunks(name: string, value: string, maxLength: number): (readonly [name: string, chunk: string])[] {
  if (value.length <= maxLength) return [[name, value]]
  const chunks = value.match(new RegExp(`.{1,${maxLength}}`, 'g')) ?? []
  const count = chunks.length - 1
  if (count > MAX_FURTHER_CHUNKS)
    throw new RangeError(`A value of ${value.length} characters does not fit in ${MAX_FURTHER_CHUNKS + 1} cookies of ${maxLength}`)
  return chunks.map((chunk, index) => (index === 0 ? [name, `${chunk}.${count}`] : [chunkName(name, index), chunk]))
}

/**
 * The distinct values of one name in a `Cookie` header, with chunks combined. A value is returned
 * as it was received if one of its chunks is missing or appears twice with different contents. The
 * cost is bounded by a few passes over the header, whatever it contains. Never throws.
 */
export function combineChunks(header: unknown, name: string): readonly string[] {
  const received = cookieValues(header, name)
  const values = received.length > 1 ? [...new Set(received)] : received
  if (!values.some(hasCount)) return values
  const chunks = Array.from({ length: MAX_FURTHER_CHUNKS }, (_, index) => findChunk(header, chunkName(name, index + 1)))
  let combined = 0
  return values.map((value) => {
    if (!hasCount(value) || ++combined > MAX_COMBINED) return value
    const rest = chunks.slice(0, Number(value.slice(-1)))
    return rest.every((chunk) => chunk !== undefined) ? value.slice(0, -COUNT_SUFFIX_LENGTH) + rest.join('') : value
  })
}

/** Tests the suffix before the other characters, because most values are not chunked. */
function hasCount(value: string): boolean {
  return COUNT_SUFFIX.test(value.slice(-COUNT_SUFFIX_LENGTH)) && CHUNK.test(value.slice(0, -COUNT_SUFFIX_LENGTH))
}

/**
 * The cookie names of this value and its chunks in a `Cookie` header, valid or not. Never throws.
 */
export function receivedNames(header: unknown, name: string): readonly string[] {
  if (typeof header !== 'string' || !header.includes(name)) return []
  const isReceived = (cookieName: string): boolean => cookieValues(header, cookieName).length > 0
  if (!header.includes(`${name}.`)) return isReceived(name) ? [name] : []
  return [name, ...Array.from({ length: MAX_FURTHER_CHUNKS }, (_, index) => chunkName(name, index + 1))].filter(isReceived)
}

/**
 * Returns a `Cookie` header with a value and its chunks, each read by its name. What would be more
 * than one pair in a header is left out.
 */
export function joinChunks(name: string, read: (name: string) => string | undefined): string {
  const names = [name, ...Array.from({ length: MAX_FURTHER_CHUNKS }, (_, index) => chunkName(name, index + 1))]
  return names
    .map((each) => [each, read(each) ?? ''] as const)
    .filter(([, value]) => value !== '' && !value.includes(';'))
    .map(([each, value]) => `${each}=${value}`)
    .join('; ')
}

function findChunk(header: unknown, name: string): string | undefined {
  const [chunk, another] = new Set(cookieValues(header, name).filter((value) => CHUNK.test(value)))
  return another === undefined ? chunk : undefined
}

function chunkName(name: string, index: number): string {
  return `${name}.${index}`
}
