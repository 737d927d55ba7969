import { join } from 'node:path'
import { formClient } from './harness/api-clients.ts'
import { apiStories } from './harness/api-stories.ts'

const runtime = join(import.meta.dirname, '../../node_modules/.bin/bun')

apiStories('Elysia on Bun', { starter: 'elysia', runtime, connect: formClient })
