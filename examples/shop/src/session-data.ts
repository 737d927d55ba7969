import type { Sku } from './catalog.ts'

// The properties of a session in this shop. TypeScript checks their names and values everywhere.
// Any property may be absent at run time, so get() returns `… | undefined`.
declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: Sku[]
    darkMode: boolean
    lastSeen: string
  }
}
