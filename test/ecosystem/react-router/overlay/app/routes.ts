import { index, type RouteConfig, route } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('account', 'routes/account.tsx'),
  route('race/:step', 'routes/race.ts'),
  route('lab', 'routes/lab.tsx'),
  route('auth', 'routes/auth.tsx'),
] satisfies RouteConfig
