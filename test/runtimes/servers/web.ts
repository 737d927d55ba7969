import type { Sessions } from 'sojourn'
import { withSession } from 'sojourn/web'
import { respond } from '../shop.ts'

export const fetchOf = (sessions: Sessions): ((request: Request) => Promise<Response>) => withSession(sessions, respond)
