import type { Codec } from '../../codecs/codec.ts'
import { CodecError, ConfigError } from '../base/errors.ts'
import type { Listener } from '../base/events.ts'
import { isError, isPromise } from '../base/realms.ts'
import { checkUserId } from '../base/user-id.ts'
import type { PropertyClass, SchemaResult, Schemas } from './session-data.ts'

/**
 * Converts between the values that an application sees and the texts that are stored. Applies the
 * codec and the schemas, and names the property in its errors. Knows the classes of the properties.
 */
export class Values {
  readonly #codec: Codec
  readonly #schemas: Schemas
  readonly #emit: Listener
  readonly #user: string
  readonly #secret: ReadonlySet<string>
  readonly #client: ReadonlySet<string>

  /** `user` is the name of the property with the id of the user. */
  constructor(
    codec: Codec,
    schemas: Schemas,
    emit: Listener,
    user: string,
    classes: Readonly<Record<string, PropertyClass | undefined>> = {},
  ) {
    this.#user = user
    this.#codec = codec
    this.#schemas = schemas
    this.#emit = emit
    const namesOf = (key: keyof PropertyClass): ReadonlySet<string> =>
      new Set(Object.keys(classes).filter((name) => classes[name]?.[key] === true))
    this.#secret = namesOf('secret')
    this.#client = namesOf('client')
  }

  /**
   * The text of a value that is to be stored. Throws `CodecError` when it cannot be stored, its
   * schema refuses it, or it is the user and cannot be the id of one.
   */
  print(name: string, value: unknown): string {
    if (name === this.#user) checkUserId(name, value)
    if (value === undefined) throw new CodecError(name, `The property "${name}" cannot be undefined. To remove it, call delete('${name}').`)
    if (!this.hasSchema(name)) return this.#print(name, value)
    const result = this.#validate(name, value)
    if (result.issues === undefined) return this.#print(name, result.value)
    // Some libraries quote the value in their messages.
    const issues = this.isSecret(name) ? '' : `: ${result.issues.map(({ message }) => message).join('; ')}`
    throw new CodecError(name, `The property "${name}" does not fit its schema${issues}.`)
  }

  /**
   * The value of a stored text; `undefined` (and an event) when the text is unreadable or its
   * schema refuses it.
   */
  read(name: string, text: string): unknown {
    try {
      const value = this.#codec.parse(text)
      if (value === undefined || !this.hasSchema(name)) return value
      const result = this.#validate(name, value)
      if (result.issues === undefined) return result.value
      this.#emit({ type: 'invalid', reason: 'schema', property: name })
    } catch (error) {
      if (error instanceof ConfigError) throw error
      this.#emit({ type: 'invalid', reason: 'unreadable', property: name })
    }
    return undefined
  }

  /**
   * Whether an object that was parsed from `text` and returned to the application still has the
   * content of the text. Throws `CodecError` if it cannot be stored.
   */
  unchanged(name: string, value: object, text: string): boolean {
    try {
      const current = this.#print(name, value)
      return current === text || current === this.#print(name, this.read(name, text))
    } catch (error) {
      // Another writer may have stored what this codec cannot print. Reading it must not fail.
      if (this.#isPrintable(name, text)) throw error
      return true
    }
  }

  /** Whether the property has a schema, so that `read` can refuse a stored text. */
  hasSchema(name: string): boolean {
    return Object.hasOwn(this.#schemas, name)
  }

  /** Whether the property is read only by code that names it. */
  isSecret(name: string): boolean {
    return this.#secret.has(name)
  }

  /** Whether the property may be sent to the client. */
  isClient(name: string): boolean {
    return this.#client.has(name)
  }

  /** The value of a text, regardless of schemas. Throws when it cannot be parsed. */
  readonly parse = (text: string): unknown => this.#codec.parse(text)

  /** Prints a value that this package stores, regardless of schemas. */
  readonly printValue = (value: unknown): string => this.#codec.print(value)

  decode(payload: string): Map<string, string> | undefined {
    return this.#codec.decode(payload)
  }

  encode(texts: ReadonlyMap<string, string>): string {
    return this.#codec.encode(texts)
  }

  #isPrintable(name: string, text: string): boolean {
    try {
      this.#print(name, this.read(name, text))
      return true
    } catch {
      return false
    }
  }

  #print(name: string, value: unknown): string {
    try {
      return this.#codec.print(value)
    } catch (cause) {
      throw new CodecError(name, `The property "${name}" cannot be stored: ${reasonOf(cause)}.`, { cause })
    }
  }

  #validate(name: string, value: unknown): SchemaResult {
    try {
      const result = this.#schemas[name]?.['~standard'].validate(value)
      if (isPromise(result)) throw new TypeError('the schema is asynchronous; use one that validates synchronously')
      return result as SchemaResult
    } catch (cause) {
      throw new ConfigError(`Option \`schema.${name}\`: ${reasonOf(cause)}.`, { cause })
    }
  }
}

/**
 * Returns the reason why a codec refused a value, the position inside of the value, and the remedy.
 */
function reasonOf(cause: unknown): string {
  if (!isError(cause)) return String(cause)
  const path = 'path' in cause && typeof cause.path === 'string' && cause.path !== '' ? ` (at ${cause.path})` : ''
  if (/Promise/.test(cause.message)) return `it is a promise${path}; await it first`
  if (/non-POJO/.test(cause.message)) return `it is an instance of a class${path}; store plain data instead`
  return `${cause.message.replace(/^Cannot stringify /, 'it is or holds ')}${path}`
}
