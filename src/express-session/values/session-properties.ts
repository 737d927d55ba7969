import { type JsonTexts, printProperty } from './json-texts.ts'

/** Texts up to this length are parsed at once, because a getter costs more than that. */
const SHORT = 100

type Properties = Record<string, unknown>

/**
 * The properties of one session object, as ordinary properties that are compared with the texts
 * they were parsed from. A long text is parsed when its property is first read, so that a property
 * that no request uses is neither parsed nor printed.
 */
export class SessionProperties {
  readonly #object: Properties
  /** The texts of the object when it was filled, or when its changes were last taken. */
  #before: Map<string, string>
  /** The texts of properties that were not read yet. */
  readonly #unread = new Map<string, string>()
  /** Stored properties that the object cannot have: names of its members, and unreadable texts. */
  readonly #hidden = new Set<string>()

  constructor(object: object, texts: Map<string, string>) {
    this.#object = object as Properties
    this.#before = texts
    for (const [name, text] of texts) this.#define(name, text)
  }

  /** The texts of the object now. Throws `CodecError` if a property cannot be stored. */
  texts(): Map<string, string> {
    const texts = new Map<string, string>()
    for (const name of this.#hidden) texts.set(name, this.#before.get(name) as string)
    for (const name of Object.keys(this.#object)) {
      if (name === 'cookie') continue
      const text = this.#isUnread(name) ? this.#before.get(name) : printProperty(name, this.#object[name])
      if (text !== undefined) texts.set(name, text)
    }
    return texts
  }

  /** Returns the texts before and now. The next comparison is with the texts of now. */
  take(): { readonly before: JsonTexts; readonly after: JsonTexts } {
    const before = this.#before
    const after = this.texts()
    this.#before = after
    return { before, after }
  }

  /**
   * Copies properties that were changed in another way than through the object. A property that the
   * object has changed too keeps the value of the object.
   */
  pull(newer: JsonTexts): void {
    const now = this.texts()
    for (const name of new Set([...this.#before.keys(), ...newer.keys()])) {
      const before = this.#before.get(name)
      const text = newer.get(name)
      if (text === before || now.get(name) !== before) continue
      if (!this.#hidden.has(name)) delete this.#object[name]
      this.#unread.delete(name)
      if (text === undefined) this.#before.delete(name)
      else {
        this.#before.set(name, text)
        this.#define(name, text)
      }
    }
  }

  #define(name: string, text: string): void {
    if (name in this.#object) this.#hidden.add(name)
    else if (text.length > SHORT) this.#defineUnread(name, text)
    else this.#assign(name, text)
  }

  #assign(name: string, text: string): void {
    try {
      this.#object[name] = JSON.parse(text)
    } catch {
      this.#hidden.add(name) // written by other software; kept as it is
    }
  }

  #defineUnread(name: string, text: string): void {
    const accessor = accessorOf(name)
    this.#unread.set(name, text)
    OWNERS.set(this.#object, this)
    Object.defineProperty(this.#object, name, accessor)
  }

  /** Called when an unread property is read: parses it, and makes it an ordinary property. */
  read(name: string): unknown {
    const text = this.#unread.get(name)
    const value: unknown = text === undefined ? undefined : JSON.parse(text)
    this.store(name, value)
    return value
  }

  /** Called when an unread property is assigned. */
  store(name: string, value: unknown): void {
    this.#unread.delete(name)
    Object.defineProperty(this.#object, name, { value, writable: true, enumerable: true, configurable: true })
  }

  /** Whether the property still has its getter. It may have been deleted and defined again. */
  #isUnread(name: string): boolean {
    return this.#unread.has(name) && Object.getOwnPropertyDescriptor(this.#object, name)?.get === accessorOf(name).get
  }
}

/** The properties of the objects that have unread ones. */
const OWNERS = new WeakMap<object, SessionProperties>()

/**
 * The accessors of unread properties, by name. All objects share them, so that V8 gives objects
 * with the same properties one hidden class.
 */
const ACCESSORS = new Map<string, PropertyDescriptor>()
/** Names of properties can come from visitors. */
const MAX_ACCESSORS = 10_000

function accessorOf(name: string): PropertyDescriptor {
  const known = ACCESSORS.get(name)
  if (known !== undefined) return known
  if (ACCESSORS.size >= MAX_ACCESSORS) ACCESSORS.clear()
  const accessor: PropertyDescriptor = {
    get(this: object) {
      return ownerOf(this)?.read(name)
    },
    set(this: object, value: unknown) {
      ownerOf(this)?.store(name, value)
    },
    enumerable: true,
    configurable: true,
  }
  ACCESSORS.set(name, accessor)
  return accessor
}

/** An application may use an object that inherits from the session. */
function ownerOf(object: object | null): SessionProperties | undefined {
  return object === null ? undefined : (OWNERS.get(object) ?? ownerOf(Object.getPrototypeOf(object)))
}
