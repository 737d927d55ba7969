import type { UserRequirement } from '../../core/session/authentication.ts'
import { adapterOf, managerOf } from '../shared/manager.ts'
import { isRefusal } from '../shared/require-user.ts'
import type { DataOf, Default, Given, Schemas, Session, Sessions } from '../shared/types.ts'
import { type CreateError, type NitroApplication, type NuxtEvent, NuxtRequests } from './nuxt-requests.ts'
import { provideView, type UserSessionView, viewOf } from './view.ts'

export type { CreateError, NitroApplication, NuxtEvent, UserSessionView }

/**
 * What `nuxtSessions()` returns. The module makes the first three functions available on the
 * server.
 */
export interface NuxtSessions<Data = Default> {
  /**
   * The session of the browser that sent a request. It is loaded once, at the first call. In an
   * internal request it is the session of the request that sent it. Rejects with `ConfigError` in a
   * handler whose response is cached.
   */
  getUserSession(event: NuxtEvent): Promise<Session<Data>>
  /**
   * The session of a user who is logged in, and with `within` or `level` has authenticated so.
   * Rejects with an error of h3 with the status 401 or 403, which Nuxt makes a response of.
   */
  requireUserSession(event: NuxtEvent, requirement?: UserRequirement): Promise<Session<Data>>
  /** Ends the session. */
  clearUserSession(event: NuxtEvent): Promise<void>
  /** The plugin of Nitro that the functions need. */
  plugin(application: NitroApplication): void
  /** Handles the requests of `useUserSession()`. */
  handle(event: NuxtEvent): Promise<UserSessionView<Data>>
}

/**
 * Sessions for the server of Nuxt 4, which is Nitro 2 with h3 1. The module `sojourn/nuxt` calls
 * this.
 *
 * ```ts
 * const { getUserSession, plugin } = nuxtSessions(sessions, createError)
 * ```
 */
export function nuxtSessions<Data = Default, const S extends Schemas = Schemas>(
  given: Given<Data, S>,
  createError: CreateError,
): NuxtSessions<DataOf<Data, S>> {
  const sessions: Sessions<DataOf<Data, S>> = managerOf(given)
  const requests = new NuxtRequests(adapterOf(sessions), createError)
  const getUserSession = (event: NuxtEvent): Promise<Session<DataOf<Data, S>>> => requests.open(event)
  const clearUserSession = async (event: NuxtEvent): Promise<void> => {
    const session = await getUserSession(event)
    session.logout()
  }
  return {
    getUserSession,
    async requireUserSession(event, requirement = {}) {
      const session = await getUserSession(event)
      try {
        await session.requireUser(requirement)
      } catch (cause) {
        throw isRefusal(cause) ? createError({ statusCode: cause.status, message: cause.message, cause }) : cause
      }
      return session
    },
    clearUserSession,
    plugin(application) {
      requests.install(application)
      application.hooks.hook('request', (event) =>
        provideView(event, async () => (requests.isShared(event) ? undefined : viewOf(await getUserSession(event)))),
      )
    },
    async handle(event) {
      event.node.res.setHeader('Cache-Control', 'no-store')
      if (event.node.req.method === 'DELETE') await clearUserSession(event)
      return viewOf(await getUserSession(event))
    },
  }
}
