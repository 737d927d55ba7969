import { hc } from 'hono/client'
import type { Shop } from './server.ts'

export const connect = (url: string, fetch = globalThis.fetch) => hc<Shop>(url, { fetch })
