import { type NuxtApp, useError, useRequestEvent, useRequestFetch, useState } from 'nuxt/app'
import { type ComputedRef, computed, type Ref } from 'vue'
import type { Default, Session } from '../shared/types.ts'
import { loadView, type UserSessionView } from './view.ts'

/** The route that the module adds. */
const ROUTE = '/api/_session'

/** What `useUserSession()` returns. */
export interface UserSessionState<Data = Default> {
  /** Whether the session is known. It is not yet on a page that was cached or prerendered. */
  readonly ready: ComputedRef<boolean>
  /** Whether a user is logged in. */
  readonly loggedIn: ComputedRef<boolean>
  /** The user who is logged in. */
  readonly userId: ComputedRef<Session<Data>['userId']>
  /** The properties that are `client` (option `properties`). */
  readonly session: ComputedRef<Partial<Data>>
  /** Reads the session again, after a request that changed it. */
  fetch(): Promise<void>
  /** Ends the session. */
  clear(): Promise<void>
}

/**
 * The session of the browser in components, plugins and route middleware, with what the browser may
 * know of it. It was read when the page was rendered.
 *
 * ```ts
 * const { loggedIn, userId, clear } = useUserSession()
 * ```
 */
export function useUserSession<Data = Default>(): UserSessionState<Data> {
  const view = viewState() as Ref<UserSessionView<Data> | undefined>
  const request = useRequestFetch()
  return {
    ready: computed(() => view.value !== undefined),
    loggedIn: computed(() => view.value?.userId !== undefined),
    userId: computed(() => view.value?.userId),
    session: computed(() => view.value?.session ?? {}),
    async fetch() {
      view.value = await request(ROUTE)
    },
    async clear() {
      view.value = await request(ROUTE, { method: 'DELETE' })
    },
  }
}

/**
 * The plugin of Nuxt that reads the session when a page is rendered, and in the browser after a page
 * that was rendered for several visitors. The module `sojourn/nuxt` installs it.
 */
export async function readUserSession(app: NuxtApp): Promise<void> {
  const view = viewState()
  const event = useRequestEvent()
  if (event !== undefined) {
    if (useError().value === undefined) view.value = await loadView(event)
  } else if (view.value === undefined) {
    const { fetch } = useUserSession()
    app.hook('app:mounted', fetch)
  }
}

function viewState(): Ref<UserSessionView | undefined> {
  return useState('sojourn', () => undefined as UserSessionView | undefined)
}
