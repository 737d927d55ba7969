import { fromWebHandler, H3 } from 'h3'
import type { Session, Sessions } from 'sojourn'
import { withSession } from 'sojourn/web'
import { respond } from '../shop.ts'

declare module 'h3' {
  interface H3EventContext {
    session: Session
  }
}

export const fetchOf = (sessions: Sessions): H3['fetch'] => appOf(sessions).fetch

export function appOf(sessions: Sessions): H3 {
  const shop = new H3({ silent: true })
  shop.all('/**', ({ req, context }) => respond(req, context.session))
  const handler = withSession(sessions, (request, session) => shop.request(request, undefined, { session }))
  return new H3().all('/**', fromWebHandler(handler))
}
