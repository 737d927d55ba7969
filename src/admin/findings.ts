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

export function ok(check: Finding['check'], message: string): Finding {
  return { check, level: 'ok', message, remedy: '' }
}

export function skipped(check: Finding['check'], message: string): Finding {
  return { check, level: 'skipped', message, remedy: '' }
}
