import type { HttpAdapterHost } from '@nestjs/core'
import { ConfigError } from '../../core/base/errors.ts'
import type { SessionOptions } from '../../core/config/options.ts'
import { isSessions } from '../../core/manager/sessions.ts'
import { session as expressSession } from '../express.ts'
import { session as fastifySession } from '../fastify.ts'
import { managerOf } from '../shared/manager.ts'
import type { Sessions } from '../shared/types.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a manager of any data
export type AnySessions = Sessions<any>

type HttpServer = NonNullable<HttpAdapterHost['httpAdapter']>

/** The manager of a module, and the server that opens its sessions. */
export class NestManager {
  readonly sessions: AnySessions
  readonly #isOwned: boolean
  #server?: HttpServer

  constructor(given: SessionOptions | AnySessions) {
    this.sessions = managerOf(given)
    this.#isOwned = !isSessions(given)
  }

  /** Installs the adapter of the platform, once. Throws `ConfigError` for another platform. */
  async installOn(server: HttpServer): Promise<void> {
    if (server === this.#server) return
    const platform = server.getType()
    if (platform === 'express') server.use(expressSession(this.sessions))
    else if (platform === 'fastify') await server.getInstance().register(fastifySession, this.sessions)
    else
      throw new ConfigError(
        `sojourn/nest does not know the platform '${platform}'. Use @nestjs/platform-express or @nestjs/platform-fastify.`,
      )
    this.#server = server
  }

  /** Closes a manager that was made here. */
  async close(): Promise<void> {
    if (this.#isOwned) await this.sessions.close()
  }
}
