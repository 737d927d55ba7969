import { StoreError } from '../core/base/errors.ts'
import { messageOf } from '../core/base/realms.ts'

/** The result of one check of `doctor`. */
export interface Finding {
  /** What was checked. */
  readonly check: 'runtime' | 'store' | 'table' | 'write' | 'clock' | 'rows' | 'clearing' | 'eviction' | 'lifetime' | 'cookie' | 'response'
  /**
   * `error`: visitors lose sessions or the application fails. `warning`: it works, and should be
   * changed or be a decision. `skipped`: it could not be checked; the message has the reason.
   */
  readonly level: 'ok' | 'warning' | 'error' | 'skipped'
  /** What was found. Contains no id, value or password. */
  readonly message: string
  /** What to do; empty if nothing is to be done. */
  readonly remedy: string
}

/** A `Finding` that may need a remedy. */
export function finding(check: Finding['check'], level: Finding['level'], message: string, remedy: string): Finding {
  return { check, level, message, remedy }
}

/** The finding for an error. `remedy` is used for one that has none. */
export function failure(check: Finding['check'], error: unknown, remedy: string = REMEDY): Finding {
  const own = error instanceof StoreError ? error.remedy : undefined
  return finding(check, 'error', withoutRemedy(messageOf(error), own), own ?? remedy)
}

const REMEDY = 'Check whether the database responds, and its address, user and table.'

/** The message of a `StoreError` ends with its remedy, which is shown separately here. */
export function withoutRemedy(message: string, remedy: string | undefined): string {
  return remedy !== undefined && message.endsWith(remedy) ? message.slice(0, -remedy.length).trimEnd() : message
}

export function ok(check: Finding['check'], message: string): Finding {
  return { check, level: 'ok', message, remedy: '' }
}

export function skipped(check: Finding['check'], message: string): Finding {
  return { check, level: 'skipped', message, remedy: '' }
}
