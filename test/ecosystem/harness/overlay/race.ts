// Copied into every application: the requests that the races consist of. A slow request loads its
// session, waits until another request has opened the gate, and then changes the session.
import type { Session } from 'sojourn'

declare module 'sojourn' {
  interface SessionData {
    visits: number
  }
}

interface Gate {
  readonly arrived: PromiseWithResolvers<void>
  readonly opened: PromiseWithResolvers<void>
}

// Frameworks bundle a module once for each entry, but all run in one process.
const shared = globalThis as { gate?: Gate }

function newGate(): Gate {
  return { arrived: Promise.withResolvers(), opened: Promise.withResolvers() }
}

/** Performs one request of a race. Resolves to the body of its response. */
export async function race(step: string, session: Pick<Session, 'get' | 'increment' | 'delete' | 'logout'>): Promise<string> {
  shared.gate ??= newGate()
  const { arrived, opened } = shared.gate
  switch (step) {
    case 'slow':
      session.get('cart')
      arrived.resolve()
      await opened.promise
      return `visit ${session.increment('visits')}`
    case 'arrived':
      await arrived.promise
      return 'arrived'
    case 'open':
      opened.resolve()
      shared.gate = newGate()
      return 'open'
    case 'empty':
      session.delete('cart')
      return 'empty'
    case 'logout':
      session.logout()
      return 'logged out'
    default:
      return JSON.stringify(session.get('cart', []))
  }
}
