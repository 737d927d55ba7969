import type { Session, SessionData, Store } from 'sojourn'

/** What the server holds for one visitor: the row, as the store has it. */
export interface Holding {
  /** Enough of the id to see that it changed; the rest would be a key to the session. */
  readonly maskedId: string
  readonly handle: string
  readonly version: string
  readonly expiresAt: number
  /** Property texts, reserved names (`_…`) included. */
  readonly properties: ReadonlyMap<string, string>
}

export async function holding(store: Store, session: Session<SessionData>): Promise<Holding | undefined> {
  const { id, handle } = session
  const entry = handle === undefined ? undefined : await store.load({ key: handle, now: Date.now() })
  if (id === undefined || handle === undefined || entry === undefined) return undefined
  return { maskedId: masked(id), handle, version: entry.version, expiresAt: entry.expiresAt, properties: texts(entry.payload) }
}

const masked = (id: string): string =>
  id
    .split('.')
    .map((part) => `${part.slice(0, 4)}••••`)
    .join('.')

const texts = (payload: string): Map<string, string> =>
  new Map(Object.entries(JSON.parse(payload)).map(([name, value]) => [name, JSON.stringify(value)]))

export interface Difference {
  readonly name: string
  readonly how: 'added' | 'changed' | 'removed'
  readonly text: string
}

/** What became of the properties; the session's own bookkeeping (`_…`) left out. */
export function differences(before: Holding | undefined, after: Holding | undefined): Difference[] {
  const was = before?.properties ?? new Map<string, string>()
  const is = after?.properties ?? new Map<string, string>()
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((name) => !name.startsWith('_'))
    .flatMap((name) => difference(name, was.get(name), is.get(name)))
}

function difference(name: string, was: string | undefined, is: string | undefined): Difference[] {
  if (was === is) return []
  if (is === undefined) return [{ name, how: 'removed', text: was ?? '' }]
  return [{ name, how: was === undefined ? 'added' : 'changed', text: is }]
}

/** What became of the id, in words. */
export function idStory(before: Holding | undefined, after: Holding | undefined): string {
  if (before === undefined) return after === undefined ? 'No session, before or after' : 'New session, new id'
  if (after === undefined) return 'Row and id are gone'
  return before.maskedId === after.maskedId ? 'Same id' : before.handle === after.handle ? 'New id, same session' : 'New id, new session'
}
