import type { APIContext, MiddlewareNext } from 'astro'
import { createSessions, type Session } from 'sojourn'
import { SqliteStore } from 'sojourn/stores/sqlite'
import { withSession } from 'sojourn/web'

declare module 'sojourn' {
  interface SessionData {
    userId: string
    cart: string[]
  }
}

declare global {
  namespace App {
    interface Locals {
      session: Session
    }
  }
}

const sessions = createSessions({ store: new SqliteStore(process.env.SESSIONS ?? 'sessions.db') })

const handle = withSession(sessions, (_request, session, { locals }: APIContext, next: MiddlewareNext) => {
  locals.session = session
  return next()
})

const SENTENCES: Readonly<Record<number, string>> = {
  409: 'Your session ended. Please reload the page.',
  503: 'Please try again.',
}

export async function onRequest(context: APIContext, next: MiddlewareNext) {
  const response = await handle(context.request, context, next)
  const sentence = response.body === null ? SENTENCES[response.status] : undefined
  return sentence === undefined ? response : new Response(sentence, response)
}
