import { formClient } from './harness/api-clients.ts'
import { apiStories } from './harness/api-stories.ts'

apiStories('h3 2', { starter: 'h3', connect: formClient })
