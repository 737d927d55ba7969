import type {} from 'sojourn'

// What both sides keep in a session. Every property is optional at run time: get() says `| undefined`.
declare module 'sojourn' {
  interface SessionData {
    cart: string[]
    /** Written by Django. */
    theme: 'light' | 'dark'
  }
}

/** What Node must know of the Django site. */
export interface Site {
  /** Django's SECRET_KEY. */
  readonly secretKey: string
  /** Django's database, a SQLite file. */
  readonly database: string
}
