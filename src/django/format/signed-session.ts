import { djangoCodec } from '../../codecs/django.ts'
import { type DjangoSigner, SIGNATURE_LENGTH } from '../../wire/django-signing.ts'

/**
 * The fields of an entry that Django's table has no column for. They are stored in the reserved
 * property `_sojourn`, which Django keeps when it writes the session.
 */
export interface SessionMetadata {
  /** The receipts by which a write whose response was lost is recognized. */
  readonly commits: string
  readonly idAt: number
  /** `NO_CREATED_AT` for a session that Django created. */
  readonly createdAt: number
}

/** The content of signed session data. */
export interface SignedSession extends SessionMetadata {
  /** The session without the metadata, as JSON. */
  readonly payload: string
  readonly texts: ReadonlyMap<string, string>
  /** When it was signed, in epoch milliseconds. */
  readonly seenAt: number
}

/**
 * The largest timestamp of a `Date`. A session that Django created has it, so no absolute lifetime
 * ends it.
 */
export const NO_CREATED_AT = 8_640_000_000_000_000

const METADATA = '_sojourn'

const NO_METADATA: SessionMetadata = { commits: '', idAt: 0, createdAt: NO_CREATED_AT }

/**
 * Stands for data that is not signed with one of the keys or is not an object. No codec can decode
 * an empty payload, so such a session counts as absent, and its row stays as it is.
 */
export const UNREADABLE: SignedSession = { ...NO_METADATA, payload: '', texts: new Map(), seenAt: 0 }

/**
 * Reads signed session data. Returns `undefined` when no key of the signer signed it, or it is not
 * a JSON object.
 */
export function openSession(signer: DjangoSigner, data: string): SignedSession | undefined {
  const signed = signer.unsign(data)
  const texts = signed === undefined ? undefined : djangoCodec.decode(signed.text)
  if (signed === undefined || texts === undefined) return undefined
  const metadata = parseMetadata(texts.get(METADATA))
  const payload = texts.delete(METADATA) ? djangoCodec.encode(texts) : signed.text
  return { ...metadata, payload, texts, seenAt: signed.timestamp * 1000 }
}

/** Signs a session, with its metadata where they are given. */
export function signSession(signer: DjangoSigner, now: number, payload: string, metadata?: SessionMetadata): string {
  return signer.sign(metadata === undefined ? payload : withMetadata(payload, metadata), Math.floor(now / 1000))
}

/** The signature at the end of signed data. It changes with every write. */
export function signatureOf(data: string): string {
  return data.slice(-SIGNATURE_LENGTH)
}

function withMetadata(payload: string, { commits, idAt, createdAt }: SessionMetadata): string {
  const text = djangoCodec.print(`${createdAt === NO_CREATED_AT ? '-' : createdAt} ${idAt} ${commits}`)
  const member = djangoCodec.encode(new Map([[METADATA, text]]))
  return payload === '{}' ? member : `${payload.slice(0, -1)},${member.slice(1)}`
}

const FORMAT = /^(\d{1,16}|-) (\d{1,16}) ([^]*)$/

/** A value in another format, written by another program, counts as absent. */
function parseMetadata(text: string | undefined): SessionMetadata {
  const [, createdAt, idAt, commits] = (text?.startsWith('"') ? FORMAT.exec(String(djangoCodec.parse(text))) : undefined) ?? []
  if (commits === undefined) return NO_METADATA
  return { commits, idAt: Number(idAt), createdAt: createdAt === '-' ? NO_CREATED_AT : Number(createdAt) }
}
