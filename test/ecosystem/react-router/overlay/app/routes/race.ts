import { race } from '../../race'
import { sessions } from '../sessions.server'
import type { Route } from './+types/race'

export async function action({ context, params }: Route.ActionArgs) {
  return new Response(await race(params.step, sessions.of(context)))
}
