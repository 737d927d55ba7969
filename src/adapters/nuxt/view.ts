import type { Default, Session } from '../shared/types.ts'

/** What the browser may know of a session. */
export interface UserSessionView<Data = Default> {
  /** The user who is logged in. */
  readonly userId?: Session<Data>['userId']
  /** The properties that are `client` (option `properties`). */
  readonly session: Partial<Data>
}

/** Resolves to `undefined` where the page is for several visitors. */
type LoadView = () => Promise<UserSessionView | undefined>

/**
 * The property of an event's context with its `LoadView`. The server and the pages of Nuxt are
 * separate bundles.
 */
const LOAD_VIEW: unique symbol = Symbol.for('sojourn.nuxt.view') as never

export function viewOf<Data>(session: Session<Data>): UserSessionView<Data> {
  return { userId: session.userId, session: session.toClient() }
}

/** Makes the session of an event available to its page. */
export function provideView(event: { readonly context: object }, load: () => Promise<unknown>): void {
  Object.assign(event.context, { [LOAD_VIEW]: load })
}

export async function loadView(event: { readonly context: object } | undefined): Promise<UserSessionView | undefined> {
  const { [LOAD_VIEW]: load } = (event?.context ?? {}) as { readonly [LOAD_VIEW]?: LoadView }
  return load?.()
}
