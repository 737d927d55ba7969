// Next 15 has no proxy.ts. Its middleware runs on Node with this option.
import { proxy } from './proxy'

export const middleware = proxy

export const config = { runtime: 'nodejs', matcher: ['/account'] }
