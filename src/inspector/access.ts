import { ConfigError } from '../core/base/errors.ts'
import { aBoolean, aText, checkOptions } from '../core/base/option-checks.ts'

/** A person who may use the inspector. `authorize` returns it. */
export interface Operator {
  /** Shown on every page, and named by the events of type `audit`. */
  readonly name: string
  /** Whether values of properties are shown, except those of secret ones. Default `false`. */
  readonly values?: boolean
  /** Whether sessions can be ended and properties deleted. Default `false`. */
  readonly changes?: boolean
}

/**
 * Decides about one request: an operator may use the inspector; a `Response`, such as a redirect to
 * a login page, is sent as it is; for `undefined` the response is an empty 404. `original` is the
 * request of the framework, for `sessions.of(original)`; with a `Request → Response` handler it is
 * the request.
 */
export type Authorize = (request: Request, original: object) => Authorization | Promise<Authorization>

/** What `authorize` returns. */
export type Authorization = Operator | Response | undefined

/** Checks what `authorize` returned. A mistake there must not open the inspector. */
export function checkAuthorization(given: Authorization): Authorization {
  if (given === undefined || given instanceof Response) return given
  if (typeof given !== 'object' || given === null)
    throw new ConfigError(
      'inspector: `authorize` has to return an operator such as { name: user.email }, a Response, or undefined for a request that is not allowed.',
    )
  return checkOptions(given, {
    owner: 'inspector: the operator of `authorize`',
    required: ['name'],
    checks: { name: aText, values: aBoolean, changes: aBoolean },
  })
}
