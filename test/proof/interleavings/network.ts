import { StoreError } from '../../../src/core/base/errors.ts'
import type { Entry, Refused, Store, Written } from '../../../src/core/store/store.ts'

/** Something that can happen next. */
export interface Action {
  readonly name: string
  readonly run: () => void
}

interface Message {
  readonly port: object
  readonly name: string
  /** Performs the operation on the rows and returns its result. */
  readonly perform: () => unknown
  readonly resolve: (result: any) => void
  readonly reject: (error: StoreError) => void
}

/** What managers use of a store. */
export type Port = Pick<Store, 'load' | 'create' | 'replace' | 'delete'>

/**
 * Rows that are reached through a network on which nothing happens by itself: a message arrives, is lost, is repeated
 * or is delayed when the caller runs that action. At most `faults` messages get less than an
 * ordinary response.
 */
export class Network {
  readonly rows: Map<string, Entry> = new Map()
  /** The payloads of all writes, in their order. */
  readonly writes: string[] = []
  #faults: number
  #waiting: Message[] = []
  /** Messages whose sender has an error, and which may still arrive. */
  #late: Message[] = []
  readonly #closed = new Set<object>()

  constructor(faults: number) {
    this.#faults = faults
  }

  get hasFaults(): boolean {
    return this.#faults > 0
  }

  get isQuiet(): boolean {
    return this.#waiting.length + this.#late.length === 0
  }

  /** The store as one process sees it. */
  open(): Port {
    const port: Port = {
      load: ({ key }) => this.#send(port, 'load', () => this.rows.get(key)),
      create: ({ key, entry }) => this.#send(port, 'create', () => this.#create(key, entry)),
      replace: ({ key, newKey, entry, expected }) => this.#send(port, 'replace', () => this.#replace(key, newKey ?? key, entry, expected)),
      delete: ({ key }) => this.#send(port, 'delete', () => this.rows.delete(key)),
    }
    return port
  }

  /** The process is killed: its messages may still arrive, and it gets no response any longer. */
  kill(port: object): void {
    this.#faults--
    this.#closed.add(port)
    this.#late.push(...this.#waiting.filter((message) => message.port === port))
    this.#waiting = this.#waiting.filter((message) => message.port !== port)
  }

  /** Everything that can happen on the network now. */
  actions(): Action[] {
    return [...this.#waiting.flatMap((message) => this.#actionsFor(message)), ...this.#late.map((message) => this.#arriveLate(message))]
  }

  #send<T>(port: object, name: string, perform: () => T): Promise<T> {
    if (this.#closed.has(port)) return new Promise(() => undefined)
    return new Promise((resolve, reject) => this.#waiting.push({ port, name, perform, resolve, reject }))
  }

  #actionsFor(message: Message): Action[] {
    const { name, perform, resolve, reject } = message
    const take = (): void => void (this.#waiting = this.#waiting.filter((each) => each !== message))
    const arrive = (): void => {
      take()
      resolve(perform())
    }
    const fail = (effect: () => void): void => {
      take()
      this.#faults--
      effect()
    }
    const lose = (effect: () => void): void => {
      fail(effect)
      reject(new StoreError(name as 'load', new Error('the response was lost')))
    }
    const resend = (): void => {
      perform()
      this.#waiting.push(message)
    }
    const arrives = { name: `${name} arrives`, run: arrive }
    if (this.#faults === 0 || name === 'load') return [arrives]
    return [
      arrives,
      { name: `${name} arrives, its response is lost`, run: () => lose(perform) },
      { name: `${name} is lost or delayed`, run: () => lose(() => void this.#late.push(message)) },
      { name: `${name} arrives and is sent again by the client library`, run: () => fail(resend) },
    ]
  }

  /** A message that never arrives is the same as one that arrives after everything else. */
  #arriveLate(message: Message): Action {
    return {
      name: `${message.name} arrives late`,
      run: () => {
        this.#late = this.#late.filter((each) => each !== message)
        message.perform()
      },
    }
  }

  #create(key: string, entry: Entry): Written | Refused {
    if (this.rows.has(key)) return { ok: false, reason: 'taken' }
    this.#write(key, entry)
    return { ok: true }
  }

  #replace(key: string, newKey: string, entry: Entry, expected: string): Written | Refused {
    const current = this.rows.get(key)
    if (current === undefined) return { ok: false, reason: 'missing' }
    if (current.version !== expected) return { ok: false, reason: 'stale', current }
    this.rows.delete(key)
    this.#write(newKey, entry)
    return { ok: true }
  }

  #write(key: string, entry: Entry): void {
    this.rows.set(key, entry)
    this.writes.push(entry.payload)
  }
}
