import {
  createParamDecorator,
  type DynamicModule,
  type ExecutionContext,
  type FactoryProvider,
  HttpException,
  Inject,
  Module,
  type ModuleMetadata,
  UseGuards,
} from '@nestjs/common'
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core'
import { ConfigError } from '../core/base/errors.ts'
import type { SessionOptions } from '../core/config/options.ts'
import { adapterOf, isSessions } from '../core/manager/sessions.ts'
import { type AnySessions, NestManager } from './nest/nest-manager.ts'
import { SessionErrorFilter } from './nest/session-error-filter.ts'
import { isSession, makeRequireUser, type RequireUserOptions } from './shared/require-user.ts'
import type { Default, Session as SessionOfRequest } from './shared/types.ts'

const MANAGER: unique symbol = Symbol('sojourn manager of the module')
const GIVEN: unique symbol = Symbol('sojourn options of the module')

/** Options of `SessionModule.forRootAsync`. */
export interface SessionModuleAsyncOptions {
  /** Returns the options of `createSessions`, or a manager. Gets what `inject` names. */
  readonly useFactory: FactoryProvider<SessionOptions | AnySessions>['useFactory']
  /** The tokens of the arguments of `useFactory`. Default: none. */
  readonly inject?: FactoryProvider<SessionOptions>['inject']
  /** The modules that export what `inject` names. Default: none. */
  readonly imports?: ModuleMetadata['imports']
  /** The option `as` of the manager that `useFactory` returns. Default `'session'`. */
  readonly as?: string
}

/**
 * Sessions for NestJS, on Express and on Fastify. Import it once, in the root module; its manager
 * can then be injected everywhere.
 *
 * ```ts
 * @Module({ imports: [SessionModule.forRoot({ store: new SqliteStore('sessions.db') })] })
 * class AppModule {}
 * ```
 *
 * Changes are saved before the first byte of the response is sent. If that fails, the exception
 * layer of NestJS makes the error page. An error of this package becomes a response with its
 * status; a filter of `app.useGlobalFilters()` or of a controller takes precedence. The message of
 * a 5xx is logged, and not sent.
 */
export class SessionModule {
  readonly #host: HttpAdapterHost
  readonly #manager: NestManager

  /** Called by NestJS. */
  constructor(host: HttpAdapterHost, manager: NestManager) {
    this.#host = host
    this.#manager = manager
  }

  /**
   * The module for options of `createSessions`, or for a manager. A manager that the module makes
   * is closed with the application.
   *
   * ```ts
   * SessionModule.forRoot(sessions)
   * ```
   *
   * A second manager needs another name: `SessionModule.forRoot({ as: 'adminSession', cookie: {
   * name: 'admin' }, … })`.
   */
  static forRoot(given: SessionOptions | AnySessions): DynamicModule {
    const as = isSessions(given) ? adapterOf(given).name : given.as
    return SessionModule.forRootAsync({ ...(as !== undefined && { as }), useFactory: () => given })
  }

  /**
   * As `forRoot`, with options or a manager that a factory makes.
   *
   * ```ts
   * SessionModule.forRootAsync({ inject: ['pool'], useFactory: (pool: PgPool) => ({ store: new PostgresStore({ pool }) }) })
   * ```
   */
  static forRootAsync({ as = 'session', imports = [], inject = [], useFactory }: SessionModuleAsyncOptions): DynamicModule {
    return {
      module: SessionModule,
      global: true,
      imports,
      providers: [
        { provide: GIVEN, inject, useFactory },
        { provide: MANAGER, inject: [GIVEN, HttpAdapterHost], useFactory: makeManager(as) },
        { provide: getSessionsToken(as), inject: [MANAGER], useFactory: ({ sessions }: NestManager) => sessions },
        { provide: APP_FILTER, useClass: SessionErrorFilter },
      ],
      exports: [getSessionsToken(as)],
    }
  }

  /**
   * Called by NestJS before the application serves requests. A test module has no server before.
   */
  async configure(): Promise<void> {
    await installOn(this.#manager, this.#host)
  }

  /** Called by NestJS when the application has closed its server. */
  async onApplicationShutdown(): Promise<void> {
    await this.#manager.close()
  }
}

Inject(HttpAdapterHost)(SessionModule, undefined, 0)
Inject(MANAGER)(SessionModule, undefined, 1)
Module({})(SessionModule)

/** Does nothing in an application without a server, such as a command or a test of one module. */
async function installOn(manager: NestManager, { httpAdapter }: HttpAdapterHost): Promise<void> {
  if (httpAdapter) await manager.installOn(httpAdapter)
}

/** Installed when it is made, so that the session is open in what `app.use()` of main.ts adds. */
function makeManager(as: string): (given: SessionOptions | AnySessions, host: HttpAdapterHost) => Promise<NestManager> {
  return async (given, host) => {
    const manager = new NestManager(given)
    const { name } = adapterOf(manager.sessions)
    if (name !== as)
      throw new ConfigError(
        `SessionModule.forRootAsync: the manager has the name '${name}'. Pass it here too: { as: '${name}', useFactory }.`,
      )
    await installOn(manager, host)
    return manager
  }
}

/**
 * The injection token of a manager, for factories and for `overrideProvider` of tests. `as` is the
 * option of the manager.
 *
 * ```ts
 * const provider = { provide: 'carts', inject: [getSessionsToken()], useFactory: (sessions: Sessions) => sessions.users }
 * ```
 */
export function getSessionsToken(as = 'session'): string {
  return `sojourn.${as}s`
}

/**
 * Injects the manager. `as` is the option of the manager.
 *
 * ```ts
 * class Jobs {
 *   constructor(@InjectSessions() readonly sessions: Sessions) {}
 * }
 * ```
 */
export function InjectSessions(as?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getSessionsToken(as))
}

/** The session of the browser that sent the request. */
export type Session<Data = Default> = SessionOfRequest<Data>

/**
 * The session of the request, as a parameter of a handler of a controller or of a GraphQL resolver.
 * `as` is the option of the manager.
 *
 * ```ts
 * import { Session } from 'sojourn/nest'
 *
 * class Shop {
 *   logout(@Session() session: Session) { session.logout() }
 * }
 * ```
 */
export const Session: (as?: string) => ParameterDecorator = createParamDecorator((as: string | undefined, context: ExecutionContext) => {
  const session = sessionOf(requestOf(context, '@Session()'), as)
  if (isSession(session)) return session
  throw new ConfigError(
    `@Session(): the request has no session as \`${as ?? 'session'}\`. Import SessionModule.forRoot(…) in the root module.`,
  )
})

export type { RequireUserOptions }

/**
 * A guard for a controller, a resolver or a handler: a request continues only if a user is logged
 * in, and with `within` or `level` only if the user has authenticated so. A browser that navigates
 * to a handler is sent to `redirectTo`, with the path of the request as the parameter `next`. Every
 * other request gets the error of `session.requireUser`.
 *
 * ```ts
 * import { RequireUser, Session } from 'sojourn/nest'
 *
 * class Account {
 *   @RequireUser({ within: '10m', redirectTo: '/confirm' })
 *   delete(@Session() session: Session) { session.flush() }
 * }
 * ```
 *
 * Throws `ConfigError` for a wrong option.
 */
export function RequireUser(options: RequireUserOptions = {}): MethodDecorator & ClassDecorator {
  const locate = makeRequireUser(options)
  return UseGuards({
    async canActivate(context) {
      const request = requestOf(context, '@RequireUser()')
      const session = sessionOf(request, options.as)
      const mode = context.getType() === 'http' ? request.headers['sec-fetch-mode'] : undefined // a resolver cannot redirect
      const location = await locate({ session, mode, target: request.originalUrl })
      if (location === undefined) return true
      const response = context.switchToHttp().getResponse<HttpResponse>()
      response.header('Location', location)
      response.header('Cache-Control', 'no-store')
      throw new HttpException('See Other', 303)
    },
  })
}

/** The members of the requests of Express and Fastify that are used here. */
interface HttpRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly originalUrl: string
}

interface HttpResponse {
  header(name: string, value: string): unknown
}

/**
 * The request of an HTTP handler, or the one that a GraphQL resolver belongs to: the driver for
 * Apollo adds it to the context as `req`.
 */
function requestOf(context: ExecutionContext, decorator: string): HttpRequest {
  const type = context.getType()
  if (type === 'http') return context.switchToHttp().getRequest<HttpRequest>()
  const { req } = Object(type === 'graphql' ? context.getArgByIndex(2) : undefined) as { readonly req?: HttpRequest }
  if (req !== undefined) return req
  throw new ConfigError(
    `${decorator} is for HTTP handlers, and for GraphQL resolvers whose context has the request as \`req\`. In a gateway inject the manager with @InjectSessions(), and open the session of the handshake with sessions.open(request).`,
  )
}

function sessionOf(request: HttpRequest, as = 'session'): unknown {
  return as in request ? Reflect.get(request, as) : undefined
}
