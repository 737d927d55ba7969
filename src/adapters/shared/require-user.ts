import { ConfigError, LoginRequiredError, StepUpRequiredError } from '../../core/base/errors.ts'
import { aText, checkOptions, type OptionTable, satisfies } from '../../core/base/option-checks.ts'
import { REQUIREMENT_CHECKS, type UserRequirement } from '../../core/session/authentication.ts'
import type { Session } from './types.ts'

/** Options of the middleware `requireUser`. */
export interface RequireUserOptions extends UserRequirement {
  /**
   * Where a browser that navigates is sent to log in or to authenticate again: a path of this site,
   * or a URL. It gets the path of the request as the parameter `next`. Every other request, such as
   * one of a script, gets the error. Default: every request gets the error.
   */
  readonly redirectTo?: string
  /**
   * The property of the session on the request (option `as` of the manager). Default `'session'`.
   */
  readonly as?: string
}

/** A request, as a framework shows it. */
export interface RequestFacts {
  readonly session: unknown
  /** The header `Sec-Fetch-Mode`. */
  readonly mode: string | undefined
  /** The requested path with its query. */
  readonly target: string | undefined
}

const OPTIONS: OptionTable = {
  owner: 'requireUser',
  checks: {
    ...REQUIREMENT_CHECKS,
    redirectTo: satisfies(
      (value) => typeof value === 'string' && /^(?:\/(?!\/)|https?:\/\/)/.test(value),
      "pass a path such as '/login', or a URL",
    ),
    as: aText,
  },
}

/**
 * Returns a function that resolves to the location to redirect to, or to `undefined` if the request
 * may continue. It rejects with the errors of `Session.requireUser`. Throws `ConfigError` for a
 * wrong option.
 */
export function makeRequireUser(options: RequireUserOptions): (request: RequestFacts) => Promise<string | undefined> {
  refuseRequest(options)
  const { redirectTo, as = 'session', within, level } = checkOptions(options, OPTIONS)
  return async ({ session, mode, target }) => {
    if (!isSession(session))
      throw new ConfigError(
        `requireUser: the request has no session as \`${as}\`. Install session() before requireUser(), or set the option \`as\`.`,
      )
    try {
      await session.requireUser({ within, level })
      return undefined
    } catch (error) {
      if (redirectTo !== undefined && mode === 'navigate' && isRefusal(error) && pathOf(target) !== pathOf(redirectTo))
        return withNext(redirectTo, target)
      throw error
    }
  }
}

/**
 * `app.use(requireUser)` passes a request where the options belong, and no request would continue.
 */
function refuseRequest(options: unknown): void {
  if (typeof options === 'object' && options !== null && ('headers' in options || 'req' in options))
    throw new ConfigError('requireUser got a request in place of its options. Call it: app.use(requireUser()).')
}

export function isSession(value: unknown): value is Session {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'requireUser') === 'function'
}

/** Whether this is an error of `requireUser`, about which the user can do something. */
export function isRefusal(error: unknown): error is LoginRequiredError | StepUpRequiredError {
  return error instanceof LoginRequiredError || error instanceof StepUpRequiredError
}

/** `next` is always a path of this site. `//host` would lead to another one. */
function withNext(redirectTo: string, target: string | undefined): string {
  if (target === undefined || !/^\/(?![/\\])/.test(target)) return redirectTo
  return `${redirectTo}${redirectTo.includes('?') ? '&' : '?'}next=${encodeURIComponent(target)}`
}

function pathOf(target: string | undefined): string | undefined {
  return target?.replace(/[?#].*/s, '')
}
