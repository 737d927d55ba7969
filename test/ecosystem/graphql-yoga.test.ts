import { graphqlClient } from './harness/api-clients.ts'
import { apiStories } from './harness/api-stories.ts'

apiStories('GraphQL Yoga', { starter: 'graphql-yoga', connect: graphqlClient })
