import { apiStories } from './harness/api-stories.ts'

apiStories('Hono RPC', { starter: 'hono-rpc' })
