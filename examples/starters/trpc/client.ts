import { createTRPCClient, httpBatchStreamLink, httpLink, splitLink } from '@trpc/client'
import type { Shop } from './server.ts'

export const connect = (url: string, fetch = globalThis.fetch) =>
  createTRPCClient<Shop>({
    links: [
      splitLink({
        condition: ({ type, path }) => type === 'mutation' && path !== 'checkout',
        true: httpLink({ url, fetch }),
        false: httpBatchStreamLink({ url, fetch }),
      }),
    ],
  })
