import type {} from 'sojourn'

// The properties of a session. Each may be absent at run time, so get() returns `| undefined`.
declare module 'sojourn' {
  interface SessionData {
    cart: string[]
    /** Written by Django. */
    theme: 'light' | 'dark'
  }
}

/** What Node needs to know about the Django site. */
export interface Site {
  /** Django's SECRET_KEY. */
  readonly secretKey: string
  /** Django's database: the path of a SQLite file. */
  readonly database: string
}
