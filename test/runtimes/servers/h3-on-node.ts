import { createServer, type RequestListener, type Server } from 'node:http'
import { toNodeHandler } from 'h3'
import type { Sessions } from 'sojourn'
import { appOf } from './h3.ts'

/** h3 has its own conversion of Node's requests to web requests. */
export const serverOf = (sessions: Sessions): Server => createServer(toNodeHandler(appOf(sessions)) as RequestListener)
