import { djangoCodec } from '../../codecs/django.ts'
import { ConfigError } from '../../core/base/errors.ts'

/** All properties of a session by their names, those of Django too. */
export interface DjangoData {
  /** The primary key of the logged-in user. */
  readonly _auth_user_id?: string | number
  readonly [name: string]: unknown
}

/** The value of a column. `null` and `undefined` are NULL. */
export type DjangoColumnValue = string | number | bigint | null | undefined

/** Returns the value of a column of a custom session model. */
export type DjangoColumn = (data: DjangoData) => DjangoColumnValue

/** The columns of a custom session model by their names. */
export type DjangoColumns = Readonly<Record<string, DjangoColumn>>

/**
 * Returns the values of the columns for a session, in order. Throws `ConfigError` when a function
 * throws or returns another type.
 */
export function columnValues(columns: DjangoColumns, payload: string): readonly (string | number | undefined)[] {
  const texts = [...(djangoCodec.decode(payload) ?? [])]
  const data = Object.fromEntries(texts.map(([name, text]) => [name, djangoCodec.parse(text)]))
  return Object.entries(columns).map(([name, column]) => checkValue(name, valueOf(name, column, data)))
}

function valueOf(name: string, column: DjangoColumn, data: DjangoData): unknown {
  try {
    return column(data)
  } catch (cause) {
    throw new ConfigError(`djangoSessions: the function of the option \`columns.${name}\` threw an error, so the session was not saved.`, {
      cause,
    })
  }
}

function checkValue(name: string, value: unknown): string | number | undefined {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value
  if (typeof value === 'bigint') return String(value)
  if ((value ?? undefined) === undefined) return undefined
  throw new ConfigError(
    `djangoSessions: the function of the option \`columns.${name}\` has to return a text, a number or null, and it returned ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}.`,
  )
}
