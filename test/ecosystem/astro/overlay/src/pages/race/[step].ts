import type { APIRoute } from 'astro'
import { race } from '../../../race.ts'

export const POST: APIRoute = async ({ locals: { session }, params }) => new Response(await race(params.step ?? '', session))
