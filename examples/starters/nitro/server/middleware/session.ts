import { defineMiddleware, type H3Event, toResponse } from 'nitro/h3'
import { withSession } from 'sojourn/web'
import { sessions } from '../utils/sessions.ts'

const handle = withSession(sessions, async (_request, _session, event: H3Event, next: () => unknown) => toResponse(await next(), event))

export default defineMiddleware((event, next) => handle(event.req, event, next))
