import { race } from '../../../../race'
import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session }, params }) => new Response(await race(params.step, session))
