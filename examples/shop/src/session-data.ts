import type { Sku } from './catalog.ts'

// What a session of this shop may hold. Every property is optional at run time: get() says `| undefined`.
declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: Sku[]
    darkMode: boolean
    lastSeen: string
  }
}
