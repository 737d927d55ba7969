import type { SessionLike } from '../simulation/subject.ts'
import type { Row } from './small-rows.ts'

export type Data = Record<string, unknown>
export type Change = (data: Data) => void

export class SessionEndedError extends Error {
  readonly code = 'ERR_SESSION_ENDED'
}

class HeadersSentError extends Error {
  readonly code = 'ERR_SESSION_HEADERS_SENT'
}

/** The session of the small library: parsed data, and a list of changes. */
export class SmallSession implements SessionLike {
  data: Data
  changes: Change[] = []
  /** The same changes for a session that this request did not see, but that its login joins. */
  additive: Change[] = []
  /** The user of a login. */
  user: string | undefined
  /** When the request was opened. */
  readonly openedAt: number
  /** The user whose other sessions end with the commit. */
  revokesOthersOf: string | undefined
  /** A new id was asked for, or the user was removed, without a login. */
  cycled = false
  /** The data at the opening, or after the last commit. */
  base: Data
  renewsId = false
  flushed = false
  /** The response has started, so a session that starts now could not be given to the browser. */
  refusesCreation = false
  issuedId: string | undefined
  row: Row | undefined
  readonly isNew: boolean
  readonly expiresAt: number
  readonly #claim: (key: string) => Promise<unknown>
  readonly #save: () => Promise<void>
  readonly #confirmsAnyone: boolean

  constructor(
    row: Row | undefined,
    openedAt: number,
    verbs: { claim: (session: SmallSession, key: string) => Promise<unknown>; save: (session: SmallSession) => Promise<void> },
    confirmsAnyone = false,
  ) {
    this.row = row
    this.openedAt = openedAt
    this.base = row === undefined ? {} : parseRow(row)
    this.data = structuredClone(this.base)
    this.isNew = row === undefined
    this.expiresAt = row?.expiresAt ?? 0
    this.#claim = (key) => verbs.claim(this, key)
    this.#save = () => verbs.save(this)
    this.#confirmsAnyone = confirmsAnyone
  }

  has(key: string): boolean {
    return key in this.data
  }

  get(key: string): unknown {
    return this.data[key]
  }

  set(key: string, value: unknown): void {
    this.record(
      (data) => void (data[key] = structuredClone(value)),
      (data) => void (data[key] ??= structuredClone(value)),
    )
  }

  delete(key: string): boolean {
    const present = this.has(key)
    if (present) this.record((data) => remove(data, key), nothing)
    if (present && key === 'userId') this.cycled = true
    return present
  }

  pop(key: string): unknown {
    const value = this.data[key]
    this.delete(key)
    return value
  }

  setDefault(key: string, value: unknown): void {
    this.record((data) => void (data[key] ??= value))
  }

  update(key: string, change: (current: any) => unknown): void {
    this.record((data) => {
      const next = change(structuredClone(data[key]))
      if (next === undefined) delete data[key]
      else data[key] = next
    })
  }

  claim(key: string): Promise<unknown> {
    return this.#claim(key)
  }

  clear(): void {
    this.record((data) => Object.keys(data).forEach((key) => delete data[key]), nothing)
  }

  flush(): void {
    this.flushed = true
    Object.assign(this, {
      changes: [],
      additive: [],
      user: undefined,
      revokesOthersOf: undefined,
      base: {},
      data: {},
      renewsId: false,
      cycled: false,
      row: undefined,
    })
  }

  cycleId(): void {
    this.renewsId = true
    this.cycled = true
    this.record(() => undefined)
  }

  reauthenticate({ revokeOthers }: { readonly revokeOthers: boolean }): void {
    const user = this.data['userId']
    this.renewsId = true
    this.cycled = true
    if (revokeOthers) this.revokesOthersOf = user as string
    this.record((data) => {
      if (data['userId'] !== user && !this.#confirmsAnyone) throw new SessionEndedError()
    })
  }

  login(user: string, options: { readonly revokeOthers?: boolean } = {}): void {
    this.detectMutations() // the data of another user is removed below
    this.renewsId = true
    this.user = user
    if (options.revokeOthers === true) this.revokesOthersOf = user
    this.record((data) => {
      const before = data['userId'] ?? data['_lastUser']
      if (before !== undefined && before !== user) Object.keys(data).forEach((key) => delete data[key])
      delete data['_lastUser']
      data['userId'] = user
    })
  }

  save(): Promise<void> {
    return this.#save()
  }

  toObject(): Data {
    const { _lastUser: _, ...visible } = this.data
    return visible
  }

  record(change: Change, additive: Change = change): void {
    if (this.refusesCreation && this.row === undefined) throw new HeadersSentError()
    this.changes.push(change)
    this.additive.push(additive)
    change(this.data)
  }

  /** Records changes inside of objects. */
  detectMutations(): void {
    const replayed = structuredClone(this.base)
    for (const change of this.changes) change(replayed)
    const { box } = this.data
    if (box !== undefined && JSON.stringify(box) !== JSON.stringify(replayed['box'])) this.set('box', box)
  }
}

export function parseRow(row: Row): Data {
  return Object.fromEntries([...row.texts].map(([name, text]) => [name, JSON.parse(text)]))
}

export function printData(data: Data): ReadonlyMap<string, string> {
  return new Map(Object.entries(data).map(([name, value]) => [name, JSON.stringify(value)]))
}

function nothing(): void {}

function remove(data: Data, key: string): void {
  if (key === 'userId' && data[key] !== undefined) data['_lastUser'] = data[key]
  delete data[key]
}
