import { DAY, milliseconds } from '../base/duration.ts'
import { type CookieRules, cookieRules, scopeOf } from '../cookie/cookie-rules.ts'
import { ownRules } from './expiry.ts'
import type { SessionOptions } from './options.ts'
import type { Lifetime, SessionRules } from './rules.ts'

/**
 * All in which sessions that another framework shares differ from our own. The store (and with it the ids) and the codec differ too, but those
 * are options.
 */
export interface SessionProfile {
  readonly rules: SessionRules
  /** How long sessions live by these checked options. */
  lifetime(options: SessionOptions): Lifetime
  cookies(options: SessionOptions): CookieRules
  /** Tells managers of different cookies apart. */
  scope(options: SessionOptions): string
}

/** Sessions that are only ours. */
export const ownProfile: SessionProfile = {
  rules: ownRules,
  lifetime: ({ idle, absolute, browserSession = false }) => ({
    idle: milliseconds(idle) ?? 14 * DAY,
    absolute: milliseconds(absolute) ?? 30 * DAY,
    browserSession,
  }),
  cookies: ({ cookie = {} }) => cookieRules(cookie),
  scope: ({ cookie }) => scopeOf(cookie),
}
