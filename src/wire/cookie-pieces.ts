import { cookieValues } from './cookie-header.ts'

/**
 * A value that is too long for one cookie travels in several, `sid`, `sid.1`, `sid.2` and so on. The first one ends with how many follow,
 * `….2`, so that what is left over from a longer value is never taken for a part of this one.
 */
const MORE = /^\.[1-9]$/
const MORE_LENGTH = 2
const PIECE = /^[\w-]+$/
const MOST = 9
/** Two beginnings for the same pieces are a leftover. Thousands are somebody who wants each of them made whole, and opened. */
const MOST_JOINED = 4

/** Names and values of the cookies that hold a value of `A-Z a-z 0-9 . - _`, none with more than `room` characters of it. */
export function split(name: string, value: string, room: number): (readonly [name: string, piece: string])[] {
  if (value.length <= room) return [[name, value]]
  const pieces = value.match(new RegExp(`.{1,${room}}`, 'g')) ?? []
  const count = pieces.length - 1
  if (count > MOST) throw new RangeError(`A value of ${value.length} characters does not fit in ${MOST + 1} cookies`)
  return pieces.map((piece, index) => (index === 0 ? [name, `${piece}.${count}`] : [pieceName(name, index), piece]))
}

/**
 * The different values that a `Cookie` header has under a name, those in pieces put together. One of which a piece is missing, or there
 * twice, stays as it is: half of a value is none. Costs no more than some readings of the header, whatever is in it. Never throws.
 */
export function join(header: unknown, name: string): readonly string[] {
  const found = cookieValues(header, name)
  const values = found.length > 1 ? [...new Set(found)] : found
  if (!values.some(hasMore)) return values
  const pieces = Array.from({ length: MOST }, (_, index) => pieceOf(header, pieceName(name, index + 1)))
  let joined = 0
  return values.map((value) => {
    if (!hasMore(value) || ++joined > MOST_JOINED) return value
    const rest = pieces.slice(0, Number(value.slice(-1)))
    return rest.every((piece) => piece !== undefined) ? value.slice(0, -MORE_LENGTH) + rest.join('') : value
  })
}

/** Its end is looked at first: most values are whole, and to go through one of them costs more than to find it. */
function hasMore(value: string): boolean {
  return MORE.test(value.slice(-MORE_LENGTH)) && PIECE.test(value.slice(0, -MORE_LENGTH))
}

/** The names under which a `Cookie` header has this cookie, or pieces of it, whatever is in them. Never throws. */
export function namesSent(header: unknown, name: string): readonly string[] {
  if (typeof header !== 'string' || !header.includes(name)) return []
  const isThere = (each: string): boolean => cookieValues(header, each).length > 0
  if (!header.includes(`${name}.`)) return isThere(name) ? [name] : []
  return [name, ...Array.from({ length: MOST }, (_, index) => pieceName(name, index + 1))].filter(isThere)
}

function pieceOf(header: unknown, name: string): string | undefined {
  const [piece, another] = new Set(cookieValues(header, name).filter((value) => PIECE.test(value)))
  return another === undefined ? piece : undefined
}

function pieceName(name: string, index: number): string {
  return `${name}.${index}`
}
