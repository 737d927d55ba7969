import { createFileRoute } from '@tanstack/react-router'
import { getRequest } from '@tanstack/react-start/server'
import { race } from '../../race'
import { sessions } from '../sessions.server'

export const Route = createFileRoute('/race/$step')({
  server: { handlers: { POST: async ({ params }) => new Response(await race(params.step, sessions.of(getRequest()))) } },
})
