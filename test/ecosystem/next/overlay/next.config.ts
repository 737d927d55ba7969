import type { NextConfig } from 'next'

const config: NextConfig = { cacheComponents: true, output: 'standalone' }

export default config
