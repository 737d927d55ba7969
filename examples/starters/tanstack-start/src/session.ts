import { createMiddleware } from '@tanstack/react-start'
import { session } from 'sojourn/tanstack-start'
import { sessions } from './sessions.server'

export const sessionMiddleware = createMiddleware().server(session(sessions))
