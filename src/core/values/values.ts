import type { Codec } from '../../codecs/codec.ts'
import { CodecError, ConfigError } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { isReserved } from '../base/reserved.ts'
import { type Schemas, validateValue } from './schema.ts'

/**
 * The way between the values an application sees and the texts that are kept: codec and schema, with errors that name the property.
 */
export class Values {
  readonly #codec: Codec
  readonly #schemas: Schemas
  readonly #emit: Listener

  constructor(codec: Codec, schemas: Schemas, emit: Listener) {
    this.#codec = codec
    this.#schemas = schemas
    this.#emit = emit
  }

  /** The text of a value that is to be stored. Throws `CodecError` when it cannot be, or its schema refuses it. */
  print(name: string, value: unknown): string {
    if (value === undefined) throw new CodecError(name, `The property "${name}" cannot be undefined; delete('${name}') removes it.`)
    return this.#printed(name, isReserved(name) ? value : this.#checked(name, value))
  }

  /** The value of a stored text; `undefined` (and an event) when the text is unreadable or its schema refuses it. */
  read(name: string, text: string): unknown {
    const value = this.#parsed(name, text)
    const schema = value === undefined ? undefined : this.#schemaOf(name)
    if (schema === undefined) return value
    const verdict = this.#judged(name, value)
    if (verdict.ok) return verdict.value
    this.#emit({ type: 'invalid', reason: 'schema', property: name })
    return undefined
  }

  /** Whether an object that was parsed from `text` and handed out is still what the text says. Throws `CodecError` when it cannot be stored. */
  unchanged(name: string, value: object, text: string): boolean {
    try {
      const now = this.#printed(name, value)
      return now === text || now === this.#printed(name, this.read(name, text))
    } catch (error) {
      // A foreign writer may have stored what we could not: to read that is no reason to fail.
      if (this.#isPrintable(name, text)) throw error
      return true
    }
  }

  /** Whether `read` may find a stored text invalid. */
  mayRefuse(name: string): boolean {
    return this.#schemaOf(name) !== undefined
  }

  /** The value of a text, whatever its property's schema says; throws when it is none. */
  readonly parse = (text: string): unknown => this.#codec.parse(text)

  decode(payload: string): Map<string, string> | undefined {
    return this.#codec.decode(payload)
  }

  encode(texts: ReadonlyMap<string, string>): string {
    return this.#codec.encode(texts)
  }

  #isPrintable(name: string, text: string): boolean {
    try {
      this.#printed(name, this.read(name, text))
      return true
    } catch {
      return false
    }
  }

  #schemaOf(name: string): Schemas[string] | undefined {
    return Object.hasOwn(this.#schemas, name) ? this.#schemas[name] : undefined
  }

  #parsed(name: string, text: string): unknown {
    try {
      return this.#codec.parse(text)
    } catch {
      this.#emit({ type: 'invalid', reason: 'unreadable', property: name })
      return undefined
    }
  }

  #printed(name: string, value: unknown): string {
    try {
      return this.#codec.print(value)
    } catch (cause) {
      throw new CodecError(name, `The property "${name}" cannot be stored: ${because(cause)}.`, { cause })
    }
  }

  #checked(name: string, value: unknown): unknown {
    if (this.#schemaOf(name) === undefined) return value
    const verdict = this.#judged(name, value)
    if (!verdict.ok) throw new CodecError(name, `The property "${name}" does not fit its schema: ${verdict.why}.`)
    return verdict.value
  }

  #judged(name: string, value: unknown): ReturnType<typeof validateValue> {
    try {
      return validateValue(this.#schemaOf(name) as Schemas[string], value)
    } catch (cause) {
      throw new ConfigError(`Option schema.${name}: ${because(cause)}.`, { cause })
    }
  }
}

/** Why a codec refused, in words that also tell where inside the value and what to do. */
function because(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const path = 'path' in cause && typeof cause.path === 'string' && cause.path !== '' ? ` (at ${cause.path})` : ''
  if (/Promise/.test(cause.message)) return `it is a promise${path}; await it first`
  if (/non-POJO/.test(cause.message)) return `it is an instance of a class${path}; store plain data instead`
  return `${cause.message.replace(/^Cannot stringify /, 'it is or holds ')}${path}`
}
