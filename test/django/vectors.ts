import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Vector {
  readonly id: string
  readonly secret: string
}

export interface MiddlewareScenario {
  readonly id: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly cookie: string | null
  readonly existing_session: Readonly<Record<string, unknown>> | null
  readonly ops: readonly (readonly [string, ...unknown[]])[]
  readonly status: number
  readonly now: number
  readonly saved_at: number
  readonly set_cookie: readonly string[]
  readonly vary: string | null
  readonly rows_after: Readonly<Record<string, { readonly expire_date: string; readonly data: Readonly<Record<string, unknown>> }>>
}

export interface ExpiryScenario {
  readonly id: string
  readonly SESSION_EXPIRE_AT_BROWSER_CLOSE: boolean
  readonly now: string
  readonly stored__session_expiry: unknown
  readonly get_expiry_date: string
  readonly get_expire_at_browser_close: boolean
}

/** Recorded with Django 3.2.25 and 4.2.28: what they write, read, reject and respond. */
export const vectors = JSON.parse(readFileSync(join(import.meta.dirname, 'vectors.json'), 'utf8')) as {
  readonly session_data: readonly (Vector & {
    readonly time: number
    readonly json: string
    readonly encoded: string
    readonly compressed: boolean
  })[]
  readonly signed_cookies: readonly (Vector & {
    readonly time: number
    readonly json: string
    readonly value: string
    readonly age_checks: readonly { readonly now: number; readonly accepted: boolean }[]
  })[]
  readonly tampered: readonly (Vector & { readonly kind: 'db' | 'signed_cookies'; readonly now: number; readonly value: string })[]
  readonly foreign_accepted: readonly (Vector & { readonly value: string; readonly decoded_json: string })[]
  readonly legacy_pre31: readonly (Vector & { readonly value: string })[]
  readonly base62: readonly { readonly n: number; readonly s: string }[]
  readonly auth_hash: readonly { readonly secret: string; readonly password_field: string; readonly session_auth_hash: string }[]
  readonly set_expiry: readonly ExpiryScenario[]
  readonly secret_key_fallbacks: readonly {
    readonly secret: string
    readonly fallbacks: readonly string[]
    readonly value: string
    readonly decoded: object
  }[]
  readonly middleware: readonly MiddlewareScenario[]
  readonly messages: string
  readonly sqlite_row: readonly [key: string, data: string, date: string, type: string]
}

export const SALT = 'django.contrib.sessions.SessionStore'
