import { graphqlClient } from './harness/api-clients.ts'
import { apiStories } from './harness/api-stories.ts'

apiStories('Apollo Server', { starter: 'apollo-server', connect: graphqlClient })
