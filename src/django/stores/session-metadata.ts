import type { Codec } from '../../codecs/codec.ts'

/**
 * What an entry tells beside its properties, as a property of its own that Django carries along: it has no column for it. A request whose
 * answer from the database was lost finds its own mark there.
 */
export interface CommitNote {
  readonly commits: string
  readonly idAt: number
  /** Left out where the row was born on Django's side. */
  readonly createdAt: number | undefined
}

/** The last instant a `Date` can be: the birth of a session that began on Django's side, so that no absolute lifetime ends it. */
export const NEVER_BORN = 8_640_000_000_000_000

/** The reserved key in Django's session: the birth of the session and of its id, and the marks of the last writes. */
const NOTE = '_sojourn'

const SHAPE = /^(\d{1,16}|-) (\d{1,16}) ([^]*)$/

/** The payload with the note in it. */
export function withNote(codec: Codec, payload: string, { commits, idAt, createdAt }: CommitNote): string {
  const member = codec.encode(new Map([[NOTE, codec.print(`${createdAt ?? '-'} ${idAt} ${commits}`)]]))
  return payload === '{}' ? member : `${payload.slice(0, -1)},${member.slice(1)}`
}

/** A payload without the note, and the note if it had one; `undefined` when the payload is unreadable. */
export function takeNote(codec: Codec, payload: string): { readonly payload: string; readonly note: CommitNote } | undefined {
  const texts = codec.decode(payload)
  if (texts === undefined) return undefined
  const text = texts.get(NOTE)
  if (text === undefined) return { payload, note: NO_NOTE }
  texts.delete(NOTE)
  return { payload: codec.encode(texts), note: noteOf(codec, text) }
}

const NO_NOTE: CommitNote = { commits: '', idAt: 0, createdAt: undefined }

/** The birth of a session that has these properties; `undefined` where it was not written by us. */
export function birthIn(codec: Codec, texts: ReadonlyMap<string, string>): number | undefined {
  const text = texts.get(NOTE)
  return text === undefined ? undefined : noteOf(codec, text).createdAt
}

/** What somebody else has written there says nothing. */
function noteOf(codec: Codec, text: string): CommitNote {
  const [, createdAt, idAt, commits] = (text.startsWith('"') ? SHAPE.exec(String(codec.parse(text))) : undefined) ?? []
  if (commits === undefined) return NO_NOTE
  return { commits, idAt: Number(idAt), createdAt: createdAt === '-' ? undefined : Number(createdAt) }
}
