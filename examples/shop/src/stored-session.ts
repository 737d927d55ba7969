import type { Session, SessionData, Store } from 'sojourn'

/** The row of a session in the store. */
export interface StoredSession {
  /** The start of the id, to show changes. The whole id would give access to the session. */
  readonly maskedId: string
  readonly handle: string
  readonly version: string
  readonly expiresAt: number
  /** The JSON text of each property, including the reserved ones (`_…`). */
  readonly properties: ReadonlyMap<string, string>
}

/** Reads the row of the session, or returns undefined if it has none. */
export async function loadStoredSession(store: Store, session: Session<SessionData>): Promise<StoredSession | undefined> {
  const { id, handle } = session
  if (id === undefined || handle === undefined) return undefined
  const entry = await store.load({ key: handle, now: Date.now() })
  if (entry === undefined) return undefined
  const { version, expiresAt, payload } = entry
  return { maskedId: maskId(id), handle, version, expiresAt, properties: propertyTexts(payload) }
}

const maskId = (id: string): string =>
  id
    .split('.')
    .map((part) => `${part.slice(0, 4)}••••`)
    .join('.')

const propertyTexts = (payload: string): Map<string, string> =>
  new Map(Object.entries(JSON.parse(payload)).map(([name, value]) => [name, JSON.stringify(value)]))

export interface PropertyChange {
  readonly name: string
  readonly type: 'added' | 'changed' | 'removed'
  readonly text: string
}

/** Returns the properties that differ, without the reserved ones (`_…`). */
export function compareProperties(before: StoredSession | undefined, after: StoredSession | undefined): PropertyChange[] {
  const oldTexts = before?.properties ?? new Map<string, string>()
  const newTexts = after?.properties ?? new Map<string, string>()
  return [...new Set([...oldTexts.keys(), ...newTexts.keys()])]
    .filter((name) => !name.startsWith('_'))
    .flatMap((name) => compareProperty(name, oldTexts.get(name), newTexts.get(name)))
}

function compareProperty(name: string, oldText: string | undefined, newText: string | undefined): PropertyChange[] {
  if (oldText === newText) return []
  if (newText === undefined) return [{ name, type: 'removed', text: oldText ?? '' }]
  return [{ name, type: oldText === undefined ? 'added' : 'changed', text: newText }]
}

/** Describes the change of the id as a text of the page. */
export function describeIdChange(before: StoredSession | undefined, after: StoredSession | undefined): string {
  if (before === undefined) return after === undefined ? 'No session, before or after' : 'New session, new id'
  if (after === undefined) return 'Row and id deleted'
  if (before.maskedId === after.maskedId) return 'Same id'
  return before.handle === after.handle ? 'New id, same session' : 'New id, new session'
}
